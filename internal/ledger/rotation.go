package ledger

// SendReset says that the reset is about to be sent. It reports whether the mark is this one still: who
// was given up on in the meantime sends nothing.
func (r Record) SendReset(id string) (Record, bool) {
	m := r.Rotation
	if m == nil || m.ID != id || m.Phase != Proving && m.Phase != Sending {
		return r, false
	}
	r = r.clone()
	r.Rotation.Phase = Sending
	return r, true
}

// SettleRotation records the answer to a reset, also where it is forgotten that it was sent. After an
// acceptance the mark says saving and holds the sealed new password, the old one is retired: the
// caller saves it, then calls [Record.Saved].
func (r Record) SettleRotation(a Attempt, answer Answer) Record {
	r = r.clone()
	m := r.Rotation
	mine := m != nil && m.ID == a.ID
	switch answer.Outcome {
	case Accepted:
		// The answer proves that the old password was right, but is no login: only its own strike goes.
		r.unlist(a.ID)
		r.Retired = remember(r.Retired, a.Fingerprint, maxRetired)
		if mine && (m.Phase == Proving || m.Phase == Sending) {
			// A platform may make a password it had made before. Later on, what is listed is news.
			r.Retired, r.Refused = forget(r.Retired, answer.New), forget(r.Refused, answer.New)
		}
		r.Epoch++
		if m != nil && m.Seq > a.Seq && m.Old != a.Fingerprint {
			// A later rotation began from another password, so this answer is news of the past. Its
			// mark stays; if it is refused, this one may be why.
			m.Rival = true
			break
		}
		if m != nil && !mine && (m.Phase == Proving || m.Phase == Sending) {
			r.giveUpRotation()
		}
		var unknown extra
		if mine {
			unknown = m.extra
		}
		r.Rotation = &Rotation{
			ID: a.ID, Seq: a.Seq, Phase: Saving, Old: a.Fingerprint, New: answer.New,
			Sealed: answer.Sealed, At: answer.Now, Length: a.Length, extra: unknown,
		}
	case Rejected:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Refused, At: a.At, Over: r.Seq, Reset: true})
		if mine {
			r.clearMark(Doubt)
		}
	case NotEvaluated:
		r.giveBack(a)
		if mine {
			r.clearMark(Settled)
		}
	default:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Over: r.over(answer), Reset: true})
		switch {
		case mine:
			if m.Phase == Proving || m.Phase == Sending || m.Phase == Settled {
				m.Phase = Doubt
			}
		case m == nil:
			r.Rotation = &Rotation{ID: a.ID, Seq: a.Seq, Phase: Doubt, Old: a.Fingerprint, At: a.At}
		default:
			m.Rival = true
		}
	}
	return r
}

// Saved clears the mark: the new password is durable where its owner keeps it. It reports whether
// the mark was this one.
func (r Record) Saved(id string) (Record, bool) {
	r = r.clone()
	if r.Rotation == nil || r.Rotation.ID != id || r.Rotation.Phase != Saving {
		return r, false
	}
	r.Rotation = nil
	return r, true
}

// Abandon lets go of a mark whose holder could not save, so that whoever can may take it over at once.
// It reports whether the mark was this one.
func (r Record) Abandon(id string) (Record, bool) {
	if r.Rotation == nil || r.Rotation.ID != id || r.Rotation.Phase != Saving {
		return r, false
	}
	r = r.clone()
	r.Rotation.Length = 1 // a nanosecond: 0 would be a mark that does not say
	return r, true
}

// clearMark ends a rotation that did not take effect. If another one may have, the mark goes over to
// that one: to doubt, when this one's refusal may be its doing.
func (r *Record) clearMark(rival Phase) {
	if m := r.Rotation; m.Rival {
		// No longer by this name: to be cleared once more must be harmless.
		m.ID, m.Phase, m.Rival = "", rival, false
		return
	}
	r.Rotation = nil
}

// giveUpRotation turns a rotation whose process was not seen to end into one of unknown outcome, or
// into none if its reset cannot have been sent.
func (r *Record) giveUpRotation() {
	m := r.Rotation
	if m.Phase == Proving {
		r.unlist(m.ID)
		r.clearMark(Settled)
		return
	}
	m.Phase = Doubt
	if s := r.strike(m.ID); s != nil && s.State == Pending {
		s.State = Unknown
	}
}

// settleRotation draws the conclusion from a login that was accepted after the mark was set.
func (r *Record) settleRotation(a Attempt) {
	m := r.Rotation
	if m == nil || a.Seq < m.Seq {
		return
	}
	switch m.Phase {
	case Doubt, Lost, Settled:
		if a.Fingerprint == m.Old {
			if m.Over != 0 && m.Over < a.Seq {
				r.Rotation = nil // nothing has happened, and nothing can any more
				return
			}
			// Nothing had happened yet.
			m.Phase = Settled
			return
		}
		r.Retired = remember(r.Retired, m.Old, maxRetired)
		r.Rotation = nil
	case Proving, Sending: // a login that was let through before the mark: it says nothing about the reset
	case Saving:
		if a.Fingerprint != m.Old {
			// The new password, from where it was saved; or one that a person set since.
			r.Rotation = nil
		}
	}
}
