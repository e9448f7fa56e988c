package ledger

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// seen numbers names in the order they come, and remembers 64 bits of each. It is divided, so that
// workers rarely wait for one another.
type seen struct {
	seed  maphash.Seed
	last  atomic.Uint32
	parts [1 << partBits]seenPart
}

const partBits = 8

type seenPart struct {
	mu     sync.Mutex
	count  int
	marks  []uint64 // open addressing; 0 is free
	number []uint32
	_      [64]byte // a cache line of its own
}

func (s *seen) init() { s.seed = maphash.MakeSeed() }

func (s *seen) count() int { return int(s.last.Load()) }

// intern returns the number of a name, and whether it is new.
func (s *seen) intern(name []byte) (uint32, bool) {
	h := maphash.Bytes(s.seed, name)
	if h == 0 {
		h = 1
	}
	p := &s.parts[h>>(64-partBits)]
	p.mu.Lock()
	defer p.mu.Unlock()
	if 4*p.count >= 3*len(p.marks) {
		p.grow()
	}
	i := p.place(h)
	if p.marks[i] != 0 {
		return p.number[i], false
	}
	p.count++
	p.marks[i], p.number[i] = h, s.last.Add(1)-1
	return p.number[i], true
}

// place is where a mark is, or belongs.
func (p *seenPart) place(h uint64) uint64 {
	mask := uint64(len(p.marks) - 1)
	i := h & mask
	for p.marks[i] != 0 && p.marks[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (p *seenPart) grow() {
	marks, number := p.marks, p.number
	size := max(64, 2*len(marks))
	p.marks, p.number = make([]uint64, size), make([]uint32, size)
	for n, h := range marks {
		if h != 0 {
			i := p.place(h)
			p.marks[i], p.number[i] = h, number[n]
		}
	}
}
