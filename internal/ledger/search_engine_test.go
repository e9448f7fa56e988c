package ledger

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// search is a breadth-first walk through every world that can be reached, level by level and by
// several workers: the first violation it meets is one of the shortest. What is kept of a world that
// was walked through is 64 bits, so two worlds may be taken for one; missed says how likely that is.
type search struct {
	m        *model
	workers  int  // 0: one
	maxWorld int  // 0: no limit
	graph    bool // keep the steps, for what must remain possible

	seen    seen
	starts  map[uint32][]byte // names of the worlds it begins with
	by      []origin
	walkers []*walker

	steps    int
	depth    int
	violated law
	last     action // the step that broke it
	at       uint32 // from this world
	cut      bool   // maxWorld was reached
	short    bool   // some steps were left out for want of names

	mu   sync.Mutex
	stop atomic.Bool
}

// origin is how a world was reached first.
type origin struct {
	parent uint32
	by     action
}

// walker is what one worker has of its own.
type walker struct {
	m     model
	n     naming
	name  []byte
	found []discovery // on this level, in the order of next
	next  frontier
	edges edges
	steps int
}

type discovery struct {
	world uint32
	origin
}

// frontier are worlds that are yet to be walked through, in parcels.
type frontier struct{ parcels [][]byte }

const parcelSize = 1 << 14

// put adds a world: its number, the length of its name, and its name.
func (f *frontier) put(world uint32, name []byte) {
	last := len(f.parcels) - 1
	if last < 0 || len(f.parcels[last])+len(name)+5 > parcelSize {
		f.parcels = append(f.parcels, make([]byte, 0, parcelSize))
		last++
	}
	p := &f.parcels[last]
	*p = append(*p, byte(world), byte(world>>8), byte(world>>16), byte(world>>24), byte(len(name)))
	*p = append(*p, name...)
}

func each(parcel []byte, do func(number uint32, name []byte) bool) {
	for len(parcel) > 0 {
		world := uint32(parcel[0]) | uint32(parcel[1])<<8 | uint32(parcel[2])<<16 | uint32(parcel[3])<<24
		end := 5 + int(parcel[4])
		if !do(world, parcel[5:end]) {
			return
		}
		parcel = parcel[end:]
	}
}

func (s *search) count() int { return s.seen.count() }

// missed is the probability, at most, that a world was not walked through because its 64 bits were
// those of another.
func (s *search) missed() float64 {
	n := float64(s.count())
	return n * n / 2 / math.Exp2(64)
}

// run walks until there is nothing new, or a law is broken.
func (s *search) run() {
	s.seen.init()
	s.starts = map[uint32][]byte{}
	for range max(s.workers, 1) {
		s.walkers = append(s.walkers, &walker{m: *s.m})
	}
	first := s.walkers[0]
	for _, w := range s.m.start {
		first.name = s.m.canonical(&w, &first.n, first.name[:0])
		if world, isNew := s.seen.intern(first.name); isNew {
			s.starts[world] = slices.Clone(first.name)
			first.found = append(first.found, discovery{world, origin{by: action{kind: kinds}}})
			first.next.put(world, first.name)
		}
	}
	for level := s.endLevel(); len(level) > 0 && s.violated == 0; level = s.endLevel() {
		if s.maxWorld != 0 && s.count() > s.maxWorld {
			s.cut = true
			break
		}
		s.depth++
		var taken atomic.Int64
		var done sync.WaitGroup
		for _, k := range s.walkers {
			done.Go(func() {
				for {
					i := int(taken.Add(1)) - 1
					if i >= len(level) {
						return
					}
					each(level[i], func(world uint32, name []byte) bool {
						k.walk(s, world, name)
						return !s.stop.Load()
					})
				}
			})
		}
		done.Wait()
	}
	for _, k := range s.walkers {
		s.steps += k.steps
		s.short = s.short || k.m.short
	}
}

// walk takes every step from a world.
func (k *walker) walk(s *search, number uint32, name []byte) {
	w := parse(name)
	if s.graph {
		k.edges.from(number, k.m.rotations && w.saysWhatHelps())
	}
	k.m.next(&w, func(a action, after *world) {
		if s.stop.Load() {
			return
		}
		k.steps++
		if k.m.bad != 0 {
			s.mu.Lock()
			if s.violated == 0 {
				s.violated, s.last, s.at = k.m.bad, a, number
			}
			s.mu.Unlock()
			s.stop.Store(true)
			return
		}
		k.name = k.m.canonical(after, &k.n, k.name[:0])
		to, isNew := s.seen.intern(k.name)
		if isNew {
			k.found = append(k.found, discovery{to, origin{number, a}})
			k.next.put(to, k.name)
		}
		if s.graph {
			k.edges.to(to, k.m.goal, a.kind.byPerson())
		}
	})
}

// endLevel collects what the workers have found, and returns the worlds of the next level.
func (s *search) endLevel() (level [][]byte) {
	if missing := s.count() - len(s.by); missing > 0 {
		s.by = append(s.by, make([]origin, missing)...)
	}
	for _, k := range s.walkers {
		for _, d := range k.found {
			s.by[d.world] = d.origin
		}
		level = append(level, k.next.parcels...)
		k.found, k.next.parcels = k.found[:0], nil
	}
	return level
}

// path is how a world was reached: the start, and the steps from there.
func (s *search) path(to uint32) (start []byte, steps []action) {
	for s.by[to].by.kind != kinds {
		steps = append(steps, s.by[to].by)
		to = s.by[to].parent
	}
	slices.Reverse(steps)
	return s.starts[to], steps
}
