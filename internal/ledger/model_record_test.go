package ledger

import "time"

const theApp = "app"

// scratch is reused for every record that is built: transitions clone what they change.
type scratch struct {
	strikes          [slots]Strike
	refused, retired [passwords]string
	lease            Lease
	mark             Rotation
	session          Session
	apps             map[string]Application
}

// aged is a set of slots, and of the mark, that began longer ago than OnTheWire.
type aged uint16

const markAge = slots

func (a aged) has(i int) bool { return a>>i&1 == 1 }

func began(longAgo bool) time.Time {
	if longAgo {
		return past
	}
	return now
}

// record is the world's record as the transitions take it. Pauses are left out: a world in which
// any time may have passed allows more.
func (m *model) record(w *world) Record { return m.recordAt(w, 0) }

// recordAt is the record with some of what is listed longer ago than OnTheWire.
func (m *model) recordAt(w *world, old aged) Record {
	b := &m.scratch
	r := Record{Version: Version, Epoch: 1, Seq: uint64(w.seq), ProbeOwed: w.owed, OneAttempt: w.one, Freed: int(w.freed), RefusedSeq: uint64(w.refusedSeq)}
	r.Strikes = b.strikes[:0]
	for i := range w.slot {
		if s := &w.slot[i]; s.listed {
			r.Strikes = append(r.Strikes, strikeOf(s, uint8(i)+1, old.has(i)))
		}
	}
	r.Refused, r.Retired = w.refused.list(b.refused[:0]), w.retired.list(b.retired[:0])
	if w.lease != 0 {
		b.lease = Lease{ID: idText[w.lease], Probe: w.leaseProbe, Length: time.Minute}
		r.Lease = &b.lease
	}
	if k := &w.mark; k.phase != 0 {
		b.mark = rotationOf(k, old.has(markAge))
		r.Rotation = &b.mark
	}
	if m.sessions {
		app := Application{Generation: 1}
		if w.hasSession {
			b.session = Session{Generation: 1, Seq: uint64(w.sessionSeq), LastUsed: now}
			app.Session = &b.session
		}
		if b.apps == nil {
			b.apps = map[string]Application{}
		}
		b.apps[theApp] = app
		r.Applications = b.apps
	}
	return r
}

func (s set) list(into []string) []string {
	for p := password(1); p <= passwords; p++ {
		if s.has(p) {
			into = append(into, passText[p])
		}
	}
	return into
}

func setOf(list []string) (s set) {
	for _, text := range list {
		s.add(textPassword(text))
	}
	return s
}

// absorb takes a transition's result into the world.
func (m *model) absorb(w *world, r Record) {
	w.seq, w.refusedSeq = uint8(r.Seq), uint8(r.RefusedSeq)
	w.owed, w.one, w.freed = r.ProbeOwed, r.OneAttempt, uint8(r.Freed)
	w.refused, w.retired = setOf(r.Refused), setOf(r.Retired)
	for i := range w.slot {
		w.slot[i].listed = false
	}
	for _, s := range r.Strikes {
		m.absorbStrike(w, s)
	}
	lease := byte(0)
	w.leaseProbe = false
	if r.Lease != nil {
		lease, w.leaseProbe = r.Lease.ID[0], r.Lease.Probe
	}
	w.lease = lease
	m.absorbMark(w, r.Rotation)
	m.moved = r.Epoch != 1
	if m.moved {
		for i := range w.proc {
			w.proc[i].void = w.proc[i].slot != nobody
		}
	}
	if m.sessions {
		m.absorbSession(w, r.Applications[theApp].Session)
	}
}

func (m *model) absorbStrike(w *world, from Strike) {
	s := &w.slot[from.ID[0]-'1']
	s.listed, s.seq, s.reset = true, uint8(from.Seq), from.Reset
	s.over = uint8(from.Over)
	for i, state := range states {
		if state == from.State {
			s.state = uint8(i)
		}
	}
}

func strikeOf(s *slot, id uint8, old bool) Strike {
	return Strike{
		ID: idText[slotID(id)], Seq: uint64(s.seq), State: states[s.state], At: began(old),
		Over: uint64(s.over), Reset: s.reset,
	}
}

func rotationOf(k *mark, old bool) Rotation {
	r := Rotation{
		ID: idText[k.id], Seq: uint64(k.seq), Phase: markPhases[k.phase], Old: passText[k.old],
		At: began(old), Over: uint64(k.over), Length: time.Minute, Rival: k.rival,
	}
	if k.sealed != 0 {
		r.New = passText[k.sealed]
		r.Sealed = []byte{k.sealed}
	}
	return r
}

func (m *model) absorbMark(w *world, r *Rotation) {
	w.mark = mark{}
	if r == nil {
		return
	}
	k := &w.mark
	k.id, k.seq, k.old = deadMark, uint8(r.Seq), textPassword(r.Old)
	if r.Sealed != nil {
		k.sealed = r.Sealed[0]
	}
	if r.ID != "" {
		k.id = r.ID[0]
	}
	k.rival, k.over = r.Rival, uint8(r.Over)
	for i, p := range markPhases {
		if p == r.Phase {
			k.phase = uint8(i)
		}
	}
}

// absorbSession sees by the generation what became of the session.
func (m *model) absorbSession(w *world, s *Session) {
	switch {
	case s == nil:
		if w.hasSession {
			w.lostToken()
		}
		w.hasSession, w.session, w.sessionSeq = false, false, 0
	case s.Generation != 1:
		w.lostToken()
		w.hasSession, w.sessionSeq = true, uint8(s.Seq)
	}
}

// lostToken makes every process's token an older one.
func (w *world) lostToken() {
	for i := range w.proc {
		w.proc[i].token = noToken
	}
}
