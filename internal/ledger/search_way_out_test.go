package ledger

// edges are the steps that a worker took, one world after the other.
type edges struct {
	list    []uint32 // a world, how many steps follow, and where they lead
	last    int      // where the number of steps is
	reaches []uint32 // worlds that are an end, or from which a step obtains a session
}

// from begins the steps of a world; one that is an end itself counts as one with a way out.
func (e *edges) from(world uint32, end bool) {
	e.list = append(e.list, world, 0)
	e.last = len(e.list) - 1
	if end {
		e.reaches = append(e.reaches, world)
	}
}

// to notes a step. Those that obtain a session, and those that need a person, are marked.
func (e *edges) to(world uint32, obtains, byPerson bool) {
	if obtains {
		if n := len(e.reaches); n == 0 || e.reaches[n-1] != e.list[e.last-1] {
			e.reaches = append(e.reaches, e.list[e.last-1])
		}
	}
	if byPerson {
		world |= personEdge
	}
	e.list = append(e.list, world)
	e.list[e.last]++
}

const personEdge = 1 << 31

func (e *edges) each(do func(from, to uint32, byPerson bool)) {
	for i := 0; i < len(e.list); {
		from, n := e.list[i], int(e.list[i+1])
		for _, to := range e.list[i+2 : i+2+n] {
			do(from, to&^personEdge, to&personEdge != 0)
		}
		i += 2 + n
	}
}

// hopeless returns a world from which no steps lead to a session or to another end, if there is one;
// without people's steps, if alone.
func (s *search) hopeless(alone bool) (world uint32, found bool) {
	into := make([]uint64, s.count()+1)
	every := func(do func(from, to uint32)) {
		for _, k := range s.walkers {
			k.edges.each(func(from, to uint32, byPerson bool) {
				if !alone || !byPerson {
					do(from, to)
				}
			})
		}
	}
	every(func(_, to uint32) { into[to+1]++ })
	for i := 1; i < len(into); i++ {
		into[i] += into[i-1]
	}
	sources := make([]uint32, into[len(into)-1])
	at := make([]uint32, s.count())
	every(func(from, to uint32) {
		sources[into[to]+uint64(at[to])] = from
		at[to]++
	})
	hope := make([]bool, s.count())
	var queue []uint32
	reach := func(world uint32) {
		if !hope[world] {
			hope[world] = true
			queue = append(queue, world)
		}
	}
	for _, k := range s.walkers {
		for _, world := range k.edges.reaches {
			reach(world)
		}
	}
	for len(queue) > 0 {
		to := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, from := range sources[into[to]:into[to+1]] {
			reach(from)
		}
	}
	for i, ok := range hope {
		if !ok {
			return uint32(i), true
		}
	}
	return 0, false
}
