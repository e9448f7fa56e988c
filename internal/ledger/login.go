package ledger

import (
	"slices"
	"time"
)

// Outcome is what an answer says about an attempt.
type Outcome int

// The outcomes.
const (
	Accepted     Outcome = iota + 1 // a token, or a new password
	Rejected                        // refused: a strike
	NotEvaluated                    // positive evidence that the session service never saw it
	Throttled                       // 429 without such evidence
	NoAnswer                        // anything else
)

// Answer is the answer to an attempt.
type Answer struct {
	Outcome    Outcome
	Now        time.Time
	RetryAfter time.Duration
	Answered   bool   // there was an HTTP answer at all
	Again      bool   // not evaluated for a cause that is mended: no probe is owed
	App        string // whose session it is
	Sealed     []byte // the session token, or the new password
	New        string // fingerprint of the new password
}

// Settlement is what a settled login means to its holder.
type Settlement struct {
	Published  bool   // the session is in the record
	Generation uint64 // under this generation
	Superseded bool   // it was accepted, but a logout, a rotation or a newer session came in between: end it
	Lost       bool   // the refusal settled a rotation against us
	Strikes    int    // listed now
}

// SettleLogin records the answer to a login attempt, whoever holds the lease by now.
func (r Record) SettleLogin(a Attempt, answer Answer) (Record, Settlement) {
	r = r.clone()
	r.expireSettled(answer.Now)
	if r.Lease != nil && r.Lease.ID == a.ID {
		r.Lease = nil
	}
	var s Settlement
	switch answer.Outcome {
	case Accepted:
		r.success(a, answer.Now)
		r.settleRotation(a, answer.Now)
		r.publish(a, answer, &s)
	case Rejected:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Refused, At: a.At, Answered: true})
		r.Refused = remember(r.Refused, a.Fingerprint, maxRefused)
		r.ProbeOwed, r.NotBefore, r.Backoff = false, time.Time{}, 0
		if m := r.Rotation; m != nil && (m.Phase == Doubt || m.Phase == Settled) && m.Old == a.Fingerprint && a.Seq > m.Seq {
			m.Phase = Lost
			s.Lost = true
		}
	case NotEvaluated:
		r.giveBack(a, answer)
		if !answer.Again {
			r.owe(answer.Now, answer.RetryAfter)
		}
	default:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Answered: answer.Answered})
		r.owe(answer.Now, answer.RetryAfter)
	}
	s.Strikes = len(r.Strikes)
	return r, s
}

// success strikes off what the platform's counter forgot when it accepted a: everything listed before
// it that cannot arrive any more. What was listed later, or may still be on its way, can have been
// counted after the success, and stays.
func (r *Record) success(a Attempt, now time.Time) {
	later := false
	r.Strikes = slices.DeleteFunc(r.Strikes, func(s Strike) bool {
		if s.ID == a.ID {
			return true
		}
		later = later || s.Seq > a.Seq
		return s.Seq < a.Seq && !s.onTheWire(now)
	})
	r.Refused = forget(r.Refused, a.Fingerprint)
	if !later {
		r.Freed = 0
		r.ProbeOwed, r.NotBefore, r.Backoff, r.OneAttempt = false, time.Time{}, 0, false
	}
}

// giveBack takes an attempt off the list that is known not to have counted, at most maxFreed times
// between two successes.
func (r *Record) giveBack(a Attempt, answer Answer) {
	if r.Freed >= maxFreed {
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Answered: true})
		return
	}
	r.Freed++
	r.unlist(a.ID)
}

// Cancel gives an attempt back that was never sent, by its own holder's knowledge.
func (r Record) Cancel(a Attempt) Record {
	r = r.clone()
	if r.Lease != nil && r.Lease.ID == a.ID {
		r.Lease = nil
	}
	if r.Rotation != nil && r.Rotation.ID == a.ID {
		r.clearMark(Settled)
	}
	r.unlist(a.ID)
	return r
}

// SettleProbe records whether the platform showed that it answers.
func (r Record) SettleProbe(id string, paid bool, now time.Time, retryAfter time.Duration) Record {
	r = r.clone()
	if r.Lease == nil || r.Lease.ID != id {
		return r // given up on in the meantime: somebody else asks, or asked
	}
	r.Lease = nil
	if paid {
		r.ProbeOwed, r.NotBefore = false, time.Time{}
	} else {
		r.owe(now, retryAfter)
	}
	return r
}
