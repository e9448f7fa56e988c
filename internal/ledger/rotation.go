package ledger

import "time"

// SettleRotation records the answer to a reset. After an acceptance the mark says saving and holds
// the sealed new password, the old one is retired: the caller saves it, then calls [Record.Saved].
func (r Record) SettleRotation(a Attempt, answer Answer) Record {
	r = r.clone()
	r.expireSettled(answer.Now)
	m := r.Rotation
	mine := m != nil && m.ID == a.ID
	switch answer.Outcome {
	case Accepted:
		// The platform has changed the password: that stands above whatever mark is there now. The
		// answer proves that the old password was right, but is no login: only its own strike goes.
		r.unlist(a.ID)
		r.Rotation = &Rotation{
			ID: a.ID, Seq: a.Seq, Phase: Saving, Old: a.Fingerprint, New: answer.New,
			Sealed: answer.Sealed, At: answer.Now, Length: a.Length,
		}
		r.Retired = remember(r.Retired, a.Fingerprint, maxRetired)
		r.Refused = forget(r.Refused, answer.New)
		r.Epoch++
	case Rejected:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Refused, At: a.At, Answered: true, Reset: true})
		if mine {
			r.clearMark(Doubt)
		}
	case NotEvaluated:
		r.giveBack(a, answer)
		if mine {
			r.clearMark(Settled)
		}
	default:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Answered: answer.Answered, Reset: true})
		switch {
		case mine:
			if m.Phase == Sending || m.Phase == Settled {
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

// clearMark ends a rotation that did not take effect. If another one may have, the mark goes over to
// that one: to doubt, when this one's refusal may be its doing.
func (r *Record) clearMark(rival Phase) {
	if r.Rotation.Rival {
		r.Rotation.Phase, r.Rotation.Rival = rival, false
		return
	}
	r.Rotation = nil
}

// giveUpRotation turns a rotation whose process was not seen to end into one of unknown outcome.
func (r *Record) giveUpRotation(now time.Time) {
	m := r.Rotation
	m.Phase = Doubt
	if s := r.strike(m.ID); s != nil && s.State == Pending {
		s.State = Unknown
	}
}

// settleRotation draws the conclusion from a login that was accepted after the mark was set.
func (r *Record) settleRotation(a Attempt, now time.Time) {
	m := r.Rotation
	if m == nil || a.Seq < m.Seq {
		return
	}
	switch m.Phase {
	case Doubt, Lost, Settled:
		if a.Fingerprint == m.Old {
			// Nothing had happened. But the reset may arrive yet: remember it for as long.
			m.Phase, m.At = Settled, a.At
			return
		}
		r.Retired = remember(r.Retired, m.Old, maxRetired)
		r.Rotation = nil
	case Saving:
		if a.Fingerprint != m.Old {
			// The new password, from where it was saved; or one that a person set since.
			r.Rotation = nil
		}
	}
}

// expireSettled forgets a settled rotation whose reset cannot arrive any more.
func (r *Record) expireSettled(now time.Time) {
	if m := r.Rotation; m != nil && m.Phase == Settled && !now.Before(m.At.Add(OnTheWire)) {
		r.Rotation = nil
	}
}
