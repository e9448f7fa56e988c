package ledger

import "time"

// An action is a step of a process or of the world around it.
type action struct {
	kind kind
	who  uint8 // process or slot
	how  uint16
}

type kind uint8

const (
	beginLogin kind = iota
	beginRotation
	armReset
	send
	settle
	cancelled
	timeOut
	garbled
	probeAnswered
	probeSettled
	keep
	look
	save
	clear_
	finish
	clearFinished
	crash
	deliver
	outageBegins
	outageEnds
	changePassword
	tellFile
	allowOne
	counterCleared
	sessionDies
	tokenRefused
	adopt
	beginLogout
	endLogout
	kinds
)

// byPerson are the actions that need somebody awake.
func (k kind) byPerson() bool {
	switch k {
	case changePassword, tellFile, allowOne, counterCleared:
		return true
	default:
		return false
	}
}

// credentials are the passwords that a process may ask with. It reads them some time before it asks,
// so a process with the file may have anything that the file ever had. Where people make mistakes, or
// change the password, a process without the file may have been given any by then; which, is decided
// when it asks. That is every story in which somebody gives it one earlier, and no other.
func (m *model) credentials(w *world, i int) (may set) {
	switch p := &w.proc[i]; {
	case p.file:
		may = w.was
		may.add(w.file)
	case m.anyPassword():
		may = w.used() | w.refused | w.retired | w.known | w.rotated
		may.add(w.right)
		may.add(wrong) // one that nobody has had yet
	default:
		may.add(p.env)
	}
	return may
}

func (m *model) anyPassword() bool { return m.mistakes || m.changes }

// write changes the credentials file.
func (w *world) write(p password) bool {
	if w.file != p {
		w.was.add(w.file)
	}
	w.was.remove(p)
	w.file = p
	return true
}

// How a process begins: what it can do, and what it finds. A lease or mark lapses for who takes it
// over, so its holder is late from then on; that somebody was late before is no other story.
const (
	canSave = 1 << iota
	lapsedLease
	lapsedMark
	asks             // from here on, three bits: the password it asks with
	ages  = 8 * asks // from here on: which of the attempts that may be are longer ago than OnTheWire
	flags = asks - 1
)

func asked(how uint16) password { return password(how / asks % 8) }

// late reports whether a process may know by its clock that others take it for dead.
func (w *world) late(i int) bool {
	id := slotID(w.proc[i].slot)
	return w.lease != id && (w.mark.id != id || w.mark.phase == 0 || w.mark.phase > savingMark)
}

func (w *world) claim(hand password, id byte, how uint16) Claim {
	c := Claim{
		ID: idText[id], Fingerprint: passText[hand], Now: now, Length: time.Minute,
		CanSave: how&canSave != 0, App: theApp,
	}
	if how&lapsedLease != 0 {
		c.Lapsed = append(c.Lapsed, idText[w.lease])
	}
	if how&lapsedMark != 0 {
		c.Lapsed = append(c.Lapsed, idText[w.mark.id])
	}
	return c
}

// begin asks the record for a login or a rotation. Loading, deciding and swapping are one step: a
// swap succeeds only if the record is what was loaded. What was loaded of the credentials is older.
func (m *model) begin(w *world, i int, rotate bool, how uint16) bool {
	p := &w.proc[i]
	if rotate && !p.file {
		return false
	}
	if m.sessions && w.hasSession && p.token != refusedToken {
		return false // there is one that serves
	}
	hand := asked(how)
	if hand == wrong {
		if hand = m.fresh(w); hand == 0 {
			return false
		}
	}
	before, id := *w, w.free()
	claim := w.claim(hand, slotID(id), how)
	old := m.age(w, how/ages)
	var r Record
	var v Verdict
	if rotate {
		r, v = m.rules.beginRotation(m.recordAt(w, old), claim)
	} else {
		r, v = m.rules.beginLogin(m.recordAt(w, old), claim)
	}
	if v.Changed {
		m.absorb(w, r)
	}
	switch v.Decision {
	case Proceed:
		p.phase, p.slot, p.hand = reserved, id, hand
		if rotate {
			p.phase = marked
		}
		s := &w.slot[id-1]
		s.seq, s.reset, s.person = uint8(v.Attempt.Seq), rotate, before.one && !rotate
		m.begun(&before, hand, rotate, how)
		w.permit = false
		if m.coarse {
			return m.sendAtOnce(w, i, rotate)
		}
	case ProbeFirst:
		w.lease, p.phase, p.hand = procID(i), probing, 0
		if m.coarse {
			m.absorb(w, m.rules.settleProbe(m.record(w), idText[procID(i)], !w.down, now, 0))
			w.leave(i)
		}
	case FinishFirst:
		w.mark.id, p.phase, p.hand = procID(i), finishing, hand
		p.made, p.old = w.mark.sealed, w.mark.old
	default:
		return v.Changed
	}
	return true
}

// begun checks what holds whenever an attempt begins.
func (m *model) begun(before *world, hand password, rotate bool, how uint16) {
	running := before.lease != 0 && how&lapsedLease == 0 ||
		before.mark.phase != 0 && before.mark.phase <= savingMark && how&lapsedMark == 0
	m.breaks(oneLogin, running || m.sessions && before.session)
	m.breaks(refusedOnce, before.known.has(hand) && (!before.one || rotate))
	m.breaks(retiredNever, before.rotated.has(hand))
	m.breaks(onePermit, before.one && !before.permit && !rotate)
}

func (w *world) attempt(i int) Attempt {
	p := &w.proc[i]
	a := Attempt{
		ID: idText[slotID(p.slot)], Seq: uint64(w.slot[p.slot-1].seq), Epoch: 1, Fingerprint: passText[p.hand],
		At: now, Length: time.Minute,
	}
	if p.void {
		a.Epoch = 0
	}
	return a
}

func outcome(r result) Outcome {
	switch r {
	case accepted, acceptedLast:
		return Accepted
	case refused:
		return Rejected
	case unevaluated:
		return NotEvaluated
	default:
		return NoAnswer
	}
}

// settleLogin records what a process knows of its login.
func (m *model) settleLogin(w *world, i int, a Answer) {
	p := &w.proc[i]
	a.Now, a.App = now, theApp
	void, hand, before := p.void, p.hand, *w
	r, s := m.rules.settleLogin(m.record(w), w.attempt(i), a)
	m.absorb(w, r)
	p.phase = idle
	if a.Outcome == Rejected {
		w.known.add(hand)
	}
	m.goal = s.Published
	m.breaks(voidSession, s.Published && void)
	if m.sessions && s.Published {
		m.breaks(newerSession, before.hasSession && before.sessionSeq > before.slot[p.slot-1].seq)
		w.session = p.res == acceptedLast
		p.token = theToken
	}
	w.leave(i)
}

// leave ends a process's part in its attempt.
func (w *world) leave(i int) {
	w.proc[i].slot, w.proc[i].phase = nobody, idle
}

func (m *model) sendAtOnce(w *world, i int, rotate bool) bool {
	if rotate {
		return m.arm(w, i) && m.sendReset(w, i)
	}
	return m.sendLogin(w, i)
}

// send puts a login on the wire.
func (m *model) sendLogin(w *world, i int) bool {
	p := &w.proc[i]
	if p.phase != reserved || w.late(i) && !m.rules.sendsLate {
		return false
	}
	p.phase = waiting
	m.onTheWire(w, i)
	if w.down && !w.slot[p.slot-1].person {
		w.outage++
		m.breaks(oneAnOutage, w.outage > 1)
		w.outage = min(w.outage, 2)
	}
	m.breaks(rotationAlone, w.mark.phase == provingMark || w.mark.phase == sendingMark)
	return true
}

func (m *model) onTheWire(w *world, i int) {
	p := &w.proc[i]
	s := &w.slot[p.slot-1]
	s.wire, s.pw = true, p.hand
}

// crash is a kill, at once followed by a start.
func (m *model) crash(w *world, i int) bool {
	p := &w.proc[i]
	if p.phase == idle && p.token == noToken {
		return false
	}
	if w.lease == procID(i) {
		w.lease = deadID
	}
	if w.mark.phase != 0 && w.mark.id == procID(i) {
		w.mark.id = deadMark
	}
	w.leave(i)
	p.token = noToken
	return true
}

// unsure is a step whose swap happened, with an error that hides it: it is taken once more.
const unsure = 1 << 15

func (m *model) unsureStep(w *world, a action, apply func(*world, action) bool) bool {
	before := w.proc[a.who]
	a.how &^= unsure
	if !apply(w, a) {
		return false
	}
	before.token = w.proc[a.who].token
	if m.goal {
		before.token = noToken
	}
	before.void = before.void || w.proc[a.who].void || before.slot != nobody && m.moved
	w.proc[a.who] = before
	if w.lease == deadID && before.phase == probing {
		w.lease = procID(int(a.who))
	}
	return true
}

// loginAction is what a process does about a login.
func (m *model) loginAction(w *world, a action) bool {
	i := int(a.who)
	p := &w.proc[i]
	switch a.kind {
	case beginLogin:
		return m.begin(w, i, false, a.how)
	case send:
		return m.sendLogin(w, i)
	case settle:
		if p.phase != answered || a.how == 1 && p.res != unevaluated {
			return false
		}
		m.settleLogin(w, i, Answer{Outcome: outcome(p.res), Answered: true, Again: a.how == 1})
	case cancelled: // by its own knowledge not sent: no connection, or too late
		if p.phase != reserved || !m.evasions {
			return false
		}
		if a.how == 0 {
			m.settleLogin(w, i, Answer{Outcome: NotEvaluated})
			return true
		}
		m.absorb(w, m.rules.cancel(m.record(w), w.attempt(i)))
		w.leave(i)
	case timeOut: // or the answer is lost on its way
		if p.phase != waiting && p.phase != answered {
			return false
		}
		m.settleLogin(w, i, Answer{Outcome: NoAnswer})
	case garbled: // an answer that says nothing, after the platform was done with the request
		if p.phase != answered {
			return false
		}
		m.settleLogin(w, i, Answer{Outcome: NoAnswer, Answered: true})
	case probeAnswered:
		if p.phase != probing || w.down || !m.outages {
			return false
		}
		p.phase = probed
	case probeSettled:
		if p.phase != probing && p.phase != probed {
			return false
		}
		paid := p.phase == probed || !m.outages && a.how == 1
		m.absorb(w, m.rules.settleProbe(m.record(w), idText[probeID(w, i)], paid, now, 0))
		w.leave(i)
	case crash:
		return m.crash(w, i)
	default:
		return false
	}
	return true
}

// probeID is the lease of a process's probe, or one that nobody has any more.
func probeID(w *world, i int) byte {
	if w.lease == procID(i) {
		return procID(i)
	}
	return 'z'
}
