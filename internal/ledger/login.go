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
	if r.Lease != nil && r.Lease.ID == a.ID {
		r.Lease = nil
	}
	var s Settlement
	switch answer.Outcome {
	case Accepted:
		r.success(a)
		r.settleRotation(a)
		r.publish(a, answer, &s)
	case Rejected:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Refused, At: a.At, Over: r.Seq})
		r.Refused, r.RefusedSeq = remember(r.Refused, a.Fingerprint, maxRefused), r.Seq
		if r.newest(a) {
			r.ProbeOwed, r.NotBefore, r.Backoff = false, time.Time{}, 0
		}
		if m := r.Rotation; m != nil && (m.Phase == Doubt || m.Phase == Settled) && m.Old == a.Fingerprint && a.Seq > m.Seq {
			m.Phase = Lost
			s.Lost = true
		}
	case NotEvaluated:
		r.giveBack(a)
		if !answer.Again {
			r.owe(answer.Now, answer.RetryAfter)
		}
	default:
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Over: r.over(answer)})
		r.owe(answer.Now, answer.RetryAfter)
	}
	s.Strikes = len(r.Strikes)
	return r, s
}

// over is what an answered attempt is stamped with.
func (r *Record) over(answer Answer) uint64 {
	if answer.Answered {
		return r.Seq
	}
	return 0
}

// newest reports whether nothing began after a. The answer to an older attempt says nothing about
// what the platform does now.
func (r *Record) newest(a Attempt) bool { return a.Seq == r.Seq }

// success strikes off what the platform's counter forgot when it accepted a: what was known to be
// over when a began. Everything else can have been counted after the success, and stays.
func (r *Record) success(a Attempt) {
	r.Strikes = slices.DeleteFunc(r.Strikes, func(s Strike) bool {
		return s.ID == a.ID || s.Over != 0 && s.Over < a.Seq
	})
	if r.RefusedSeq < a.Seq {
		r.Refused = forget(r.Refused, a.Fingerprint)
	}
	if r.newest(a) {
		r.Freed = 0
		r.ProbeOwed, r.NotBefore, r.Backoff, r.OneAttempt = false, time.Time{}, 0, false
	}
}

// giveBack takes an attempt off the list that is known not to have counted, at most MaxFreed times
// between two successes.
func (r *Record) giveBack(a Attempt) {
	if r.Freed >= MaxFreed {
		r.list(Strike{ID: a.ID, Seq: a.Seq, State: Unknown, At: a.At, Over: r.Seq})
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
