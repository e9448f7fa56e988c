package ledger

import (
	"slices"
	"time"
)

// Claim is a process asking to log in or to rotate.
type Claim struct {
	ID          string        // of the attempt, unique
	Fingerprint string        // of the password in hand
	Now         time.Time     // wall clock
	Length      time.Duration // of the lease; the holder's own deadline is well before
	Lapsed      []string      // ids of leases and rotation marks this process has seen unchanged for their length
	NoProbe     bool          // the probe is switched off
	CanSave     bool          // it could finish somebody else's rotation
	// App and Replaces: the session of this application, of this generation, was refused.
	App      string
	Replaces uint64
}

func (c Claim) lapsed(id string) bool { return slices.Contains(c.Lapsed, id) }

// Decision says what a process that asked may do.
type Decision int

// The decisions.
const (
	Proceed        Decision = iota + 1 // swap the record in, then send
	ProbeFirst                         // swap the record in, then probe and [Record.SettleProbe], then ask again
	FinishFirst                        // swap the record in, then save the sealed password of the mark, then ask again
	WaitLogin                          // another process is busy; look again
	WaitRotate                         // another process rotates; look again
	Backoff                            // too early
	LatchedRefused                     // the platform refused this password
	LatchedRetired                     // it was rotated away
	LatchedStrikes                     // the strikes are used up
	LatchedProbe                       // a probe is owed and switched off
	InDoubt                            // a rotation's outcome is unknown (only said to a rotation)
	PasswordLost                       // a rotation took effect and its answer is lost
)

// Attempt is a listed attempt, as its holder remembers it.
type Attempt struct {
	ID          string
	Seq         uint64
	Epoch       uint64
	Fingerprint string
	At          time.Time
	Length      time.Duration
}

// Verdict is the answer to a claim. If Changed, the record must be swapped in whatever the decision
// is.
type Verdict struct {
	Decision Decision
	Changed  bool
	Attempt  Attempt       // for Proceed
	Wait     time.Duration // for Backoff
	Lease    Lease         // for WaitLogin and WaitRotate: what to watch
	Lapsed   string        // id of the lease or mark that this claim gave up
}

// BeginLogin asks for a login. Proceed lists the attempt as a pending strike and takes the lease, in
// one swap and before anything is sent.
func (r Record) BeginLogin(c Claim) (Record, Verdict) {
	r = r.clone()
	v := r.admit(c, false)
	if v.Decision != Proceed {
		return r, v
	}
	if a := r.Applications[c.App]; c.Replaces != 0 && a.Session != nil && a.Session.Generation == c.Replaces && !a.Session.Proven {
		a.Unproven++
		r.Applications[c.App] = a
	}
	r.Lease = &Lease{ID: c.ID, Length: c.Length}
	v.Attempt = r.reserve(c, false)
	v.Changed = true
	return r, v
}

// BeginRotation asks for a password rotation. Proceed sets the mark and lists the reset as a pending
// strike: nobody knows that a wrong old password does not count. Nothing may be sent before
// [Record.SendReset] was swapped in.
func (r Record) BeginRotation(c Claim) (Record, Verdict) {
	r = r.clone()
	v := r.admit(c, true)
	if v.Decision != Proceed {
		return r, v
	}
	v.Attempt = r.reserve(c, true)
	v.Changed = true
	rival := r.Rotation != nil // a settled one, whose reset may still be on its way
	r.Rotation = &Rotation{
		ID: c.ID, Seq: v.Attempt.Seq, Phase: Proving, Old: c.Fingerprint,
		At: c.Now, Length: c.Length, Rival: rival,
	}
	return r, v
}

func (r *Record) reserve(c Claim, reset bool) Attempt {
	r.OneAttempt = false
	for i := range r.Strikes {
		if s := &r.Strikes[i]; s.Over == 0 && !r.mayArrive(*s, c.Now) {
			s.Over = r.Seq
		}
	}
	if m := r.Rotation; m != nil && m.Over == 0 && !young(m.At, c.Now, ResetOnTheWire) {
		m.Over = r.Seq
	}
	r.Seq++
	r.list(Strike{ID: c.ID, Seq: r.Seq, State: Pending, At: c.Now, Reset: reset})
	return Attempt{ID: c.ID, Seq: r.Seq, Epoch: r.Epoch, Fingerprint: c.Fingerprint, At: c.Now, Length: c.Length}
}

// admit applies the rules that logins and rotations share.
func (r *Record) admit(c Claim, rotate bool) Verdict {
	var v Verdict
	decide := func(d Decision) Verdict { v.Decision = d; return v }
	if m := r.Rotation; m != nil && m.Busy() && m.Phase != Saving && c.lapsed(m.ID) {
		// Also for who may not log in: nobody else may be left to see it lapse.
		v.Changed, v.Lapsed = true, m.ID
		r.giveUpRotation()
	}
	if m := r.Rotation; m != nil && m.Phase == Saving && m.Old == c.Fingerprint && (c.CanSave || !c.lapsed(m.ID)) {
		// Its successor is about to be where this password came from, by another process or by this one.
	} else if !r.OneAttempt || rotate {
		// A password that cannot be sent is told so at once, whoever else is busy.
		if d := r.barred(c.Fingerprint); d != 0 {
			return decide(d)
		}
	} else if slices.Contains(r.Retired, c.Fingerprint) {
		return decide(LatchedRetired)
	}
	if m := r.Rotation; m != nil {
		switch {
		case m.Busy() && !c.lapsed(m.ID):
			v.Lease = Lease{ID: m.ID, Length: m.Length}
			return decide(WaitRotate)
		case m.Phase == Saving && c.CanSave:
			m.Length, m.At = c.Length, c.Now // whoever finishes is as long at it as whoever began
			v.Lapsed, m.ID = m.ID, c.ID
			v.Changed = true
			return decide(FinishFirst)
		}
	}
	if l := r.Lease; l != nil {
		if !c.lapsed(l.ID) {
			v.Lease = *l
			return decide(WaitLogin)
		}
		r.giveUp(*l, c.Now)
		v.Changed, v.Lapsed = true, l.ID
	}
	if m := r.Rotation; rotate && m != nil && (m.Phase != Settled || m.Old != c.Fingerprint) {
		// The new mark could not stand for the old one's doubt too.
		return decide(InDoubt)
	}
	if r.OneAttempt && !rotate {
		if len(r.Strikes) >= HardLimit {
			return decide(LatchedStrikes)
		}
		return decide(Proceed)
	}
	if len(r.Strikes) >= Limit {
		return decide(LatchedStrikes)
	}
	if wait := r.Wait(c.Now); wait > 0 {
		v.Wait = wait
		return decide(Backoff)
	}
	if wait := r.unproven(c); wait > 0 {
		v.Wait = wait
		return decide(Backoff)
	}
	if r.ProbeOwed {
		if c.NoProbe {
			return decide(LatchedProbe)
		}
		r.Lease = &Lease{ID: c.ID, Probe: true, Length: c.Length}
		v.Changed = true
		return decide(ProbeFirst)
	}
	return decide(Proceed)
}

// barred says why a password is not to be sent, 0 if nothing is known against it.
func (r *Record) barred(fingerprint string) Decision {
	switch {
	case r.Rotation != nil && r.Rotation.Phase == Lost && r.Rotation.Old == fingerprint:
		return PasswordLost
	case slices.Contains(r.Retired, fingerprint):
		return LatchedRetired
	case slices.Contains(r.Refused, fingerprint):
		return LatchedRefused
	}
	return 0
}

// giveUp turns the attempt of a holder that was not seen to end into an unknown strike. It may be on
// its way still.
func (r *Record) giveUp(l Lease, now time.Time) {
	r.Lease = nil
	if l.Probe {
		return
	}
	if s := r.strike(l.ID); s != nil && s.State == Pending {
		s.State = Unknown
		r.owe(now, 0)
	}
}

// unproven says how long a login must wait because the sessions before it were refused without ever
// having worked: the refusals are then not about the session's age.
func (r *Record) unproven(c Claim) time.Duration {
	a := r.Applications[c.App]
	if c.Replaces == 0 || a.Session == nil || a.Session.Generation != c.Replaces || a.Session.Proven || a.Unproven < unprovenLimit {
		return 0
	}
	wait := a.Session.Obtained.Add(unprovenPause).Sub(c.Now)
	if wait > unprovenPause { // a clock that was set back
		return 0
	}
	return wait
}

// Holds reports whether the lease or the rotation mark is the one with this id.
func (r Record) Holds(id string) bool {
	return r.Lease != nil && r.Lease.ID == id || r.Rotation != nil && r.Rotation.ID == id
}

// Known reports whether something is known against a password.
func (r Record) Known(fingerprint string) bool {
	return slices.Contains(r.Refused, fingerprint) || slices.Contains(r.Retired, fingerprint)
}
