package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// linearize looks for an order of the operations on one record, which starts absent, that respects
// real time and that a register explains. It returns "" if there is one, else a description of how
// far it came. The search is that of Wing and Gong with Lowe's memory of visited configurations.
func linearize(operations []operation) string {
	s := &search{ops: slices.Clone(operations), visited: map[string]bool{}}
	slices.SortFunc(s.ops, func(a, b operation) int { return cmp.Compare(a.call, b.call) })
	for i := range s.ops {
		if s.ops[i].unknown {
			s.ops[i].back = math.MaxInt64
		} else {
			s.known++
		}
	}
	if s.from(make([]byte, len(s.ops)), 0, "") {
		return ""
	}
	return s.stuck
}

type search struct {
	ops     []operation // by call
	known   int         // of them have an outcome, and must be ordered
	visited map[string]bool
	best    int
	stuck   string
}

// from continues with done[i] == 1 for the operations in the order so far, ordered of which are
// known, after which the record is value.
func (s *search) from(done []byte, ordered int, value string) bool {
	// What only looks at the record can come first whenever it may come at all: nothing is lost, and
	// the search need not branch.
	var open []int
	for changed := true; changed; {
		changed = false
		open = s.candidates(done)
		for _, i := range open {
			if o := s.ops[i]; !o.unknown && o.looks(value) {
				done[i] = 1
				ordered++
				changed = true
			}
		}
	}
	if ordered == s.known {
		return true
	}
	configuration := string(done) + value
	if s.visited[configuration] {
		return false
	}
	s.visited[configuration] = true
	if s.stuck == "" || ordered > s.best {
		s.best, s.stuck = ordered, s.describe(open, ordered, value)
	}
	for _, i := range open {
		o := s.ops[i]
		if !o.swap || o.old != value || !o.unknown && !o.swapped {
			continue
		}
		next := slices.Clone(done)
		next[i] = 1
		more := 1
		if o.unknown {
			more = 0
		}
		if s.from(next, ordered+more, o.new) {
			return true
		}
	}
	return false
}

// looks reports whether o is explained by the value and leaves it alone.
func (o operation) looks(value string) bool {
	if !o.swap {
		return o.got == value
	}
	return !o.swapped && o.old != value
}

// candidates are the operations that may come next: those called before any other one that is left
// has returned.
func (s *search) candidates(done []byte) []int {
	first := int64(math.MaxInt64)
	var open []int
	for i, o := range s.ops {
		if o.call > first {
			break
		}
		if done[i] == 0 {
			open = append(open, i)
			first = min(first, o.back)
		}
	}
	return slices.DeleteFunc(open, func(i int) bool { return s.ops[i].call > first })
}

func (s *search) describe(open []int, ordered int, value string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d can be ordered; then the record is %s, and none of these can be next:", ordered, operation{got: value}.String()[len("[0,0] Load = "):])
	for _, i := range open {
		fmt.Fprintf(&b, "\n\t%s", s.ops[i])
	}
	return b.String()
}
