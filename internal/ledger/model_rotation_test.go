package ledger

const (
	provingMark = 1
	sendingMark = 2
	savingMark  = 3
	doubtMark   = 4
	lostMark    = 5
	settledMark = 6
)

// settleRotation records what a process knows of its reset.
func (m *model) settleRotation(w *world, i int, a Answer) {
	p := &w.proc[i]
	a.Now = now
	if a.Outcome == Accepted {
		a.New, a.Sealed = passText[p.made], []byte{p.made}
		w.rotated.add(p.hand)
	}
	m.absorb(w, m.rules.settleRotation(m.record(w), w.attempt(i), a))
	if a.Outcome != Accepted {
		w.leave(i)
	}
}

// arm is done after saving was proved and the password read once more.
func (m *model) arm(w *world, i int) bool {
	p := &w.proc[i]
	if p.phase != marked || w.file != p.hand {
		return false
	}
	r, ok := m.rules.sendReset(m.record(w), idText[slotID(p.slot)])
	if !ok {
		return false // given up on in the meantime: what is left is to cancel
	}
	m.absorb(w, r)
	p.phase = armed
	return true
}

func (m *model) sendReset(w *world, i int) bool {
	p := &w.proc[i]
	if p.phase != armed || w.late(i) && !m.rules.sendsLate {
		return false
	}
	p.phase = resetting
	m.onTheWire(w, i)
	return true
}

// rotationAction is what a process does about a rotation.
func (m *model) rotationAction(w *world, a action) bool {
	i := int(a.who)
	p := &w.proc[i]
	switch a.kind {
	case beginRotation:
		return m.begin(w, i, true, a.how)
	case armReset:
		return m.arm(w, i)
	case send:
		return m.sendReset(w, i)
	case cancelled:
		if p.phase != armed && (p.phase != marked || a.how == 0) {
			return false
		}
		if a.how == 0 {
			m.settleRotation(w, i, Answer{Outcome: NotEvaluated})
			return true
		}
		m.absorb(w, m.rules.cancel(m.record(w), w.attempt(i)))
		w.leave(i)
	case settle:
		if p.phase != told || a.how != 0 {
			return false
		}
		if p.res == accepted {
			m.settleRotation(w, i, Answer{Outcome: Accepted, Answered: true})
			p.phase = keeping
			return true
		}
		m.settleRotation(w, i, Answer{Outcome: outcome(p.res), Answered: true})
	case timeOut: // or the answer is lost on its way
		if p.phase != resetting && p.phase != told {
			return false
		}
		m.settleRotation(w, i, Answer{Outcome: NoAnswer})
	case garbled:
		if p.phase != told {
			return false
		}
		m.settleRotation(w, i, Answer{Outcome: NoAnswer, Answered: true})
	case keep: // the acceptance could not be recorded: saved all the same
		if p.phase != told || p.res != accepted {
			return false
		}
		p.phase = keeping
	case look, save:
		return m.saveStep(w, i, a)
	case clear_:
		if p.phase != kept {
			return false
		}
		m.clearMark(w, i)
		w.leave(i)
	case finish:
		return m.finishStep(w, i)
	case clearFinished:
		if p.phase != finished {
			return false
		}
		id := byte('z')
		if w.mark.id == procID(i) {
			id = procID(i)
		}
		if r, ok := m.rules.saved(m.record(w), idText[id]); ok {
			m.absorb(w, r)
		}
		w.drop(i)
	default:
		return false
	}
	return true
}

// clearMark is the end of a rotation that was saved: recorded once more if the record has not got it.
func (m *model) clearMark(w *world, i int) {
	id := idText[slotID(w.proc[i].slot)]
	r := m.record(w)
	if r.Rotation == nil || r.Rotation.ID != id || r.Rotation.Phase != Saving {
		p := &w.proc[i]
		r = m.rules.settleRotation(r, w.attempt(i), Answer{
			Outcome: Accepted, Answered: true, Now: now, New: passText[p.made], Sealed: []byte{p.made},
		})
	}
	if r, ok := m.rules.saved(r, id); ok {
		w.rotated.add(w.proc[i].hand)
		m.absorb(w, r)
	}
}

// saveStep replaces the old password in the file by the new one.
func (m *model) saveStep(w *world, i int, a action) bool {
	p, k := &w.proc[i], a.kind
	switch {
	case k == look && p.phase == keeping && (m.plainSave || m.rules.savesBlindly):
		// A plain saver looks, checks its clock, and then overwrites.
		if w.file == p.hand && !w.late(i) {
			p.phase = looked
		} else {
			w.leave(i) // the caller is handed the password
		}
	case k == save && p.phase == looked:
		p.phase = kept
		return w.write(p.made)
	case k == save && p.phase == keeping && !m.plainSave && !m.rules.savesBlindly:
		switch w.file {
		case p.hand:
			p.phase = kept
			return w.write(p.made)
		case p.made:
			p.phase = kept
		default:
			w.leave(i) // the caller is handed the password
		}
	default:
		return false
	}
	return true
}

// finishStep saves what a process that is gone could not. It does not overwrite what somebody put
// there since, unless that is known to be wrong.
func (m *model) finishStep(w *world, i int) bool {
	p := &w.proc[i]
	if p.phase != finishing {
		return false
	}
	switch {
	case w.file == p.made:
		p.phase = finished
	case w.file == p.hand && (p.hand == p.old || w.refused.has(p.hand) || w.retired.has(p.hand)):
		p.phase = finished
		return w.write(p.made)
	default:
		w.drop(i)
	}
	return true
}

// drop ends what a process did without an attempt. Its mark is nobody's then, until it lapses.
func (w *world) drop(i int) {
	if w.mark.phase != 0 && w.mark.id == procID(i) {
		w.mark.id = deadMark
	}
	w.leave(i)
}
