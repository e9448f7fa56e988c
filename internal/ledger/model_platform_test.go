package ledger

// evaluate is the platform's judgement of a password. Whether a refused reset counts is not known:
// here it does.
func (m *model) evaluate(w *world, s slot) result {
	if s.pw != w.right || w.fails >= lockedAt {
		w.fails = min(w.fails+1, lockedAt+1)
		if s.person {
			w.allowed = min(w.allowed+1, 3)
		}
		return refused
	}
	if !s.reset {
		w.fails, w.allowed = 0, 0
		w.known.remove(s.pw)
	}
	return accepted
}

// deliver lets a request arrive, and its answer too if somebody waits for it.
func (m *model) deliver(w *world, a action) bool {
	s := &w.slot[a.who]
	if !s.wire {
		return false
	}
	p, request := w.holder(int(a.who)), *s
	s.dropped()
	var res result
	var made password
	switch a.how {
	case 0:
		res = m.evaluate(w, request)
		if res == accepted && s.reset {
			if made = m.fresh(w); made == 0 {
				return false
			}
			w.right, w.made = made, true
		}
		if res == accepted && !s.reset && m.sessions {
			res = m.newSession(w)
		}
	case 1:
		if p == nil || w.down || !m.evasions {
			return false // as good as dropped
		}
		res = unevaluated
	default:
		if !m.lies || p == nil || s.reset || m.evaluate(w, request) != refused {
			return false
		}
		res = unevaluated
	}
	if p == nil || w.down {
		return true
	}
	p.res, p.made, p.phase = res, made, answered
	if s.reset {
		p.phase = told
	}
	return true
}

// newSession ends every other one, which the platform may do (not known).
func (m *model) newSession(w *world) result {
	w.session = false
	for i := range w.proc {
		if w.proc[i].res == acceptedLast {
			w.proc[i].res = accepted
		}
	}
	return acceptedLast
}

// The one assumption about time: when an attempt is taken to be over, by OnTheWire since it began,
// its request has arrived or never will. mayAge are the attempts of which that may be true. That a
// request is dropped on its way, and that time passes, matters only when somebody looks: until then a
// world in which it may arrive yet allows all that one without it does. So both happen then.
func (w *world) mayAge() (list agers) {
	for i := range w.slot {
		if s := &w.slot[i]; s.listed && s.over == 0 && !w.sendable(i) {
			list.add(i)
		}
	}
	if w.mayAgeMark() {
		list.add(markAge)
	}
	return list
}

// agers is a list without an allocation.
type agers struct {
	at    [slots + 1]uint8
	count int
}

func (a *agers) add(i int) {
	a.at[a.count] = uint8(i)
	a.count++
}

// age lets some of what may be old be old, and what is on its way for so long be dropped.
func (m *model) age(w *world, subset uint16) (old aged) {
	if subset == 0 {
		return 0
	}
	list := w.mayAge()
	for n, i := range list.at[:list.count] {
		if subset>>n&1 == 0 {
			continue
		}
		old |= 1 << i
		if i < slots {
			w.slot[i].dropped()
			continue
		}
		for k := range w.slot {
			if s := &w.slot[k]; s.reset && s.seq <= w.mark.seq {
				s.dropped()
			}
		}
	}
	return old
}

func (s *slot) dropped() { s.wire, s.pw, s.person = false, 0, false }

// sendable reports whether an attempt's process may send it yet.
func (w *world) sendable(i int) bool {
	for n := range w.proc {
		if p := &w.proc[n]; int(p.slot) == i+1 {
			return (p.phase == reserved || p.phase == marked || p.phase == armed) && !w.late(n)
		}
	}
	return false
}

func (w *world) mayAgeMark() bool {
	k := &w.mark
	if k.phase < doubtMark || k.over != 0 {
		return false
	}
	for i := range w.slot {
		if s := &w.slot[i]; s.reset && s.seq <= k.seq && w.sendable(i) {
			return false
		}
	}
	return true
}

// environment is what happens to processes.
func (m *model) environment(w *world, a action) bool {
	switch a.kind {
	case deliver:
		return m.deliver(w, a)
	case outageBegins:
		if !m.outages || w.down {
			return false
		}
		w.down, w.outage = true, 0
	case outageEnds:
		if !w.down {
			return false
		}
		w.down, w.outage = false, 0
	default:
		return false
	}
	return true
}

// person is what people do.
func (m *model) personAction(w *world, a action) bool {
	switch a.kind {
	case changePassword:
		if !m.changes {
			return false
		}
		p := m.fresh(w)
		if p == 0 {
			return false
		}
		w.right, w.made = p, false
	case tellFile:
		if !m.changes || w.made || w.file == 0 || w.file == w.right {
			return false
		}
		return w.write(w.right)
	case allowOne:
		if !m.rearms || w.one {
			return false
		}
		r, ok := m.rules.allowOne(m.record(w))
		if !ok {
			return false
		}
		m.absorb(w, r)
		w.outage, w.permit = 0, true
	case counterCleared: // truthfully: the platform's counter is at zero
		if !m.rearms {
			return false
		}
		w.fails, w.allowed, w.outage = 0, 0, 0
		m.absorb(w, m.rules.cleared(m.recordAt(w, m.age(w, a.how)), now))
	default:
		return false
	}
	return true
}

// sessionAction is what becomes of sessions.
func (m *model) sessionAction(w *world, a action) bool {
	if !m.sessions {
		return false
	}
	p := &w.proc[a.who]
	switch a.kind {
	case sessionDies:
		if !w.session {
			return false
		}
		w.session = false
	case tokenRefused:
		if p.token != theToken || w.session || p.phase == ending || p.phase == ended {
			return false
		}
		p.token = refusedToken
	case adopt:
		if !w.hasSession || p.token != noToken || p.phase != idle {
			return false
		}
		p.token = theToken
	case beginLogout:
		if p.phase != idle || !w.hasSession && w.lease == 0 {
			return false
		}
		m.absorb(w, m.rules.beginLogout(m.record(w)))
		if w.hasSession {
			p.phase, p.token = ending, theToken
		}
	case endLogout:
		return m.endLogout(w, p)
	default:
		return false
	}
	return true
}

func (m *model) endLogout(w *world, p *proc) bool {
	switch p.phase {
	case ending:
		if p.token == theToken {
			w.session = false
		}
		p.phase = ended
	case ended:
		generation := uint64(0)
		if p.token == theToken {
			generation = 1
		}
		before := *w
		if r, ok := m.rules.drop(m.record(w), theApp, generation); ok {
			m.absorb(w, r)
		}
		m.breaks(newerSession, before.session && !w.hasSession)
		p.phase, p.token = idle, noToken
	default:
		return false
	}
	return true
}
