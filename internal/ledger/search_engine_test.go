package ledger

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// search is a breadth-first walk through every world that can be reached: the first violation it meets
// is one of the shortest.
type search struct {
	m        *model
	maxWorld int  // 0: no limit
	graph    bool // keep the steps, for what must remain possible

	names  []byte // of all worlds, one after the other
	starts []uint32
	table  []uint32 // open addressing: world index plus one
	seed   maphash.Seed
	parent []uint32
	by     []action

	edges     []uint32 // targets, in the order of their sources
	edgeStart []uint32
	goals     []bool // a step from this world obtains a session

	steps    int
	violated law
	last     action // the step that broke it
	at       uint32 // from this world
	cut      bool   // maxWorld was reached
}

const personEdge = 1 << 31

func (s *search) name(i uint32) []byte {
	if int(i)+1 < len(s.starts) {
		return s.names[s.starts[i]:s.starts[i+1]]
	}
	return s.names[s.starts[i]:]
}

func (s *search) count() int { return len(s.starts) }

// intern returns the number of the world with this name, and whether it is new.
func (s *search) intern(name []byte) (uint32, bool) {
	if 2*len(s.starts) >= len(s.table) {
		s.grow()
	}
	mask := uint64(len(s.table) - 1)
	for h := maphash.Bytes(s.seed, name) & mask; ; h = (h + 1) & mask {
		switch found := s.table[h]; {
		case found == 0:
			i := uint32(len(s.starts))
			s.table[h] = i + 1
			s.starts = append(s.starts, uint32(len(s.names)))
			s.names = append(s.names, name...)
			return i, true
		case bytes.Equal(s.name(found-1), name):
			return found - 1, false
		}
	}
}

func (s *search) grow() {
	if s.table == nil {
		s.seed = maphash.MakeSeed()
	}
	s.table = make([]uint32, max(1<<12, 2*len(s.table)))
	mask := uint64(len(s.table) - 1)
	for i := range s.starts {
		h := maphash.Bytes(s.seed, s.name(uint32(i))) & mask
		for s.table[h] != 0 {
			h = (h + 1) & mask
		}
		s.table[h] = uint32(i) + 1
	}
}

// run walks until there is nothing new, or a law is broken.
func (s *search) run() {
	var n naming
	buf := make([]byte, 0, 128)
	for _, w := range s.m.start {
		buf = s.m.canonical(&w, &n, buf[:0])
		if _, isNew := s.intern(buf); isNew {
			s.parent, s.by = append(s.parent, 0), append(s.by, action{kind: kinds})
		}
	}
	for i := uint32(0); int(i) < len(s.starts); i++ {
		if s.maxWorld != 0 && len(s.starts) > s.maxWorld {
			s.cut = true
			return
		}
		w := parse(s.name(i))
		if s.graph {
			s.edgeStart = append(s.edgeStart, uint32(len(s.edges)))
			s.goals = append(s.goals, false)
		}
		s.m.next(&w, func(a action, after *world) {
			if s.violated != 0 {
				return
			}
			s.steps++
			if s.m.bad != 0 {
				s.violated, s.last, s.at = s.m.bad, a, i
				return
			}
			buf = s.m.canonical(after, &n, buf[:0])
			to, isNew := s.intern(buf)
			if isNew {
				s.parent, s.by = append(s.parent, i), append(s.by, a)
			}
			if s.graph {
				s.edge(i, to, a)
			}
		})
		if s.violated != 0 {
			return
		}
	}
}

func (s *search) edge(from, to uint32, a action) {
	if s.m.goal {
		s.goals[from] = true
	}
	if a.kind.byPerson() {
		to |= personEdge
	}
	s.edges = append(s.edges, to)
}

// hopeless are the worlds from which no steps lead to a session; without people's steps, if alone.
func (s *search) hopeless(alone bool) []bool {
	into := make([]uint32, s.count()+1)
	for _, e := range s.edges {
		if to := e &^ personEdge; !alone || e == to {
			into[to+1]++
		}
	}
	for i := 1; i < len(into); i++ {
		into[i] += into[i-1]
	}
	sources := make([]uint32, into[len(into)-1])
	at := slices.Clone(into)
	for from := range s.edgeStart {
		for _, e := range s.edgesOf(from) {
			if to := e &^ personEdge; !alone || e == to {
				sources[at[to]] = uint32(from)
				at[to]++
			}
		}
	}
	hopeless := make([]bool, s.count())
	var queue []uint32
	for i := range hopeless {
		hopeless[i] = !s.goals[i]
		if s.goals[i] {
			queue = append(queue, uint32(i))
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		to := queue[0]
		for _, from := range sources[into[to]:into[to+1]] {
			if hopeless[from] {
				hopeless[from] = false
				queue = append(queue, from)
			}
		}
	}
	return hopeless
}

func (s *search) edgesOf(from int) []uint32 {
	if from+1 < len(s.edgeStart) {
		return s.edges[s.edgeStart[from]:s.edgeStart[from+1]]
	}
	return s.edges[s.edgeStart[from]:]
}

// path is how a world was reached: the start, and the steps from there.
func (s *search) path(to uint32) (start uint32, steps []action) {
	for s.by[to].kind != kinds {
		steps = append(steps, s.by[to])
		to = s.parent[to]
	}
	slices.Reverse(steps)
	return to, steps
}
