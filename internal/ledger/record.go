// Package ledger is what processes that share an account agree on: one small record, and the pure
// transitions over it. Nothing in it does I/O, reads a clock or takes a lock: the caller loads the
// record, asks for a transition, and swaps the result in. That is why a search over every
// interleaving of processes can prove it (see search_test.go).
package ledger

import (
	"maps"
	"slices"
	"time"
)

// Version is the major version of the record. A record of another major version is not touched.
const Version = 1

const (
	// Limit is how many strikes, attempts not known to have been free, may be listed before logins
	// stop: three of the platform's five, so that two remain for people and for other systems whose
	// failures nobody here sees. The lockout after five is documented by Verizon.
	Limit = 3
	// HardLimit is where even a person's rearm stops.
	HardLimit = 4
	// MaxFreed bounds how many attempts are given back as not evaluated between two successes, so
	// that a platform that lies about it cannot make the list forget.
	MaxFreed = 2
	// OnTheWire is how long after it began an attempt without an answer is taken to be possibly on its
	// way still, so that a success elsewhere does not strike it off. A login is given at most two
	// minutes for its answer.
	OnTheWire = 5 * time.Minute
	// ResetOnTheWire is the same for a password reset, which is given up to ten minutes.
	ResetOnTheWire = 15 * time.Minute
	// Orphaned is how old a rotation's mark must be to have no living process behind it, whatever its length
	// and however wrong the clocks of two hosts are: a day, and what time zones differ by.
	Orphaned = 26 * time.Hour
	// IdleLimit is the session's documented life without use.
	IdleLimit = 20 * time.Minute

	firstBackoff = 2 * time.Second
	maxBackoff   = 5 * time.Minute
	// maxRetryAfter bounds what a Retry-After, or a clock far behind, can ask for.
	maxRetryAfter = time.Hour

	// maxApplications bounds how many OAuth2 applications share one account through one record. The
	// one not seen for longest gives way; applications that are in use are seen every minute.
	maxApplications = 16
	maxRefused      = 16
	maxRetired      = 32
	maxStrikes      = 8
	// unprovenLimit is how many sessions in a row may be replaced without one answer that showed
	// that they work; after that a login waits for unprovenPause.
	unprovenLimit = 10
	unprovenPause = time.Minute
)

// Record is the register's content. The zero Record is that of an account nobody used yet.
type Record struct {
	Version      int           `json:"version"`
	Epoch        uint64        `json:"epoch,omitempty"` // raised by logout and rotation: a login begun before is void
	Seq          uint64        `json:"seq,omitempty"`   // numbers attempts in the order they were listed
	Applications applications  `json:"applications,omitempty"`
	Strikes      []Strike      `json:"strikes,omitempty"`
	Refused      []string      `json:"refused,omitempty"`    // fingerprints the platform refused, oldest first
	RefusedSeq   uint64        `json:"refusedSeq,omitempty"` // Seq when the last refusal was recorded
	Retired      []string      `json:"retired,omitempty"`    // fingerprints rotated away, oldest first
	Lease        *Lease        `json:"lease,omitempty"`
	NotBefore    time.Time     `json:"notBefore,omitzero"`
	Backoff      time.Duration `json:"backoff,omitempty"` // the last step, in nanoseconds
	ProbeOwed    bool          `json:"probeOwed,omitempty"`
	Freed        int           `json:"freed,omitempty"` // attempts given back since the last success
	Rotation     *Rotation     `json:"rotation,omitempty"`
	OneAttempt   bool          `json:"oneAttempt,omitempty"` // a person allowed one login

	extra extra
}

// Application is what one OAuth2 application has on the account. Tokens are sealed by the caller.
type Application struct {
	Generation uint64    `json:"generation,omitempty"` // of sessions; never goes back
	Session    *Session  `json:"session,omitempty"`
	Bearer     *Bearer   `json:"bearer,omitempty"`
	Fetch      *Lease    `json:"fetch,omitempty"` // of the bearer
	Unproven   int       `json:"unproven,omitempty"`
	Seen       time.Time `json:"seen,omitzero"` // for dropping the one that is gone longest

	extra extra
}

// Session is a session token.
type Session struct {
	Sealed     []byte    `json:"sealed,omitempty"`
	Generation uint64    `json:"generation"`
	Seq        uint64    `json:"seq"` // of the attempt that obtained it
	Obtained   time.Time `json:"obtained"`
	LastUsed   time.Time `json:"lastUsed"`
	Proven     bool      `json:"proven,omitempty"` // a request with it was answered without a refusal

	extra extra
}

// Bearer is an OAuth2 bearer.
type Bearer struct {
	Sealed  []byte    `json:"sealed,omitempty"`
	Expires time.Time `json:"expires"`

	extra extra
}

// State says what is known of a listed attempt.
type State string

// The states of a strike.
const (
	Pending State = "pending"
	Unknown State = "unknown"
	Refused State = "refused"
)

// Strike is an attempt not known to have been free.
type Strike struct {
	ID    string    `json:"id"`
	Seq   uint64    `json:"seq"`
	State State     `json:"state"`
	At    time.Time `json:"at"`
	// Over is the record's Seq when it was known that the request cannot arrive any more: it was
	// answered, or began longer ago than OnTheWire. 0: it may be on its way still. A success that
	// began after that came after this attempt, and made the platform forget it.
	Over  uint64 `json:"over,omitempty"`
	Reset bool   `json:"reset,omitempty"` // a password reset

	extra extra
}

// onTheWire reports whether the platform may get this attempt only later.
func (s Strike) onTheWire(now time.Time) bool {
	return s.Over == 0 && young(s.At, now, s.wire())
}

// wire is how long it may be on its way.
func (s Strike) wire() time.Duration {
	if s.Reset {
		return ResetOnTheWire
	}
	return OnTheWire
}

// young reports whether something is not older than a limit. A beginning far ahead comes from a clock
// that is wrong: it would stay young until that day, and nobody could do anything about it.
func young(began, now time.Time, limit time.Duration) bool {
	age := now.Sub(began)
	return age < limit && age >= -maxRetryAfter
}

// mayArrive reports whether an attempt may reach the platform yet: it is young, or somebody still
// holds the lease or the mark for it.
func (r *Record) mayArrive(s Strike, now time.Time) bool {
	return s.State == Pending && r.Holds(s.ID) || s.onTheWire(now)
}

// MayArriveUntil is how long an attempt may still be on its way to the platform at the least; zero if it
// cannot be. One whose process may still be at it is on its way for as long as nobody has seen it end.
func (r Record) MayArriveUntil(s Strike, now time.Time) time.Time {
	if !r.mayArrive(s, now) {
		return time.Time{}
	}
	if until := s.At.Add(s.wire()); until.After(now) {
		return until
	}
	return now
}

// Lease says that a process is busy. It has no end in wall-clock time: it has lapsed for whoever saw
// it unchanged for its length, by a monotonic clock of his own.
type Lease struct {
	ID     string        `json:"id"`
	Probe  bool          `json:"probe,omitempty"` // asking whether the platform answers, not logging in
	Length time.Duration `json:"length"`          // in nanoseconds

	extra extra
}

// Phase is where a rotation stands.
type Phase string

// The phases of a rotation.
const (
	Proving Phase = "proving" // saving is being tried out, and nothing was sent
	Sending Phase = "sending" // the reset is about to be sent, or was
	Saving  Phase = "saving"  // accepted; the new password is sealed in the mark and being saved
	Doubt   Phase = "unknown" // the answer was lost
	Lost    Phase = "lost"    // and the old password is refused
	Settled Phase = "settled" // the old password worked afterwards, while the reset may still have been on its way
)

// Rotation is the mark of a password rotation.
type Rotation struct {
	ID     string        `json:"id"`
	Seq    uint64        `json:"seq"`
	Phase  Phase         `json:"phase"`
	Old    string        `json:"old"`              // fingerprint
	New    string        `json:"new,omitempty"`    // fingerprint, while saving
	Sealed []byte        `json:"sealed,omitempty"` // the new password, while saving
	At     time.Time     `json:"at"`
	Over   uint64        `json:"over,omitempty"` // like a strike's: of the reset
	Length time.Duration `json:"length"`         // like a lease's, in nanoseconds
	// Rival: another rotation of unknown outcome was on its way when this mark was set; if this one
	// is refused, the other may be why.
	Rival bool `json:"rival,omitempty"`

	extra extra
}

// Busy reports whether a process is at it, or died at it. A phase that only a later version knows is
// taken for one: whoever sees it unchanged for its length may doubt it, and a login settles the doubt.
func (r Rotation) Busy() bool { return r.Phase != Doubt && r.Phase != Lost && r.Phase != Settled }

// Orphaned reports whether a rotation that says it is under way is too old to be.
func (r Rotation) Orphaned(now time.Time) bool {
	return r.Busy() && !r.At.IsZero() && now.Sub(r.At) > Orphaned
}

// clone returns a copy that shares nothing that transitions change.
func (r Record) clone() Record {
	r.Version = Version
	r.Applications = maps.Clone(r.Applications)
	r.Strikes = slices.Clone(r.Strikes)
	r.Refused = slices.Clone(r.Refused)
	r.Retired = slices.Clone(r.Retired)
	if r.Rotation != nil {
		mark := *r.Rotation
		r.Rotation = &mark
	}
	return r
}

func (r *Record) strike(id string) *Strike {
	for i := range r.Strikes {
		if r.Strikes[i].ID == id {
			return &r.Strikes[i]
		}
	}
	return nil
}

func (r *Record) list(s Strike) {
	if old := r.strike(s.ID); old != nil {
		s.extra = old.extra
		*old = s
		return
	}
	if len(r.Strikes) >= maxStrikes {
		// Far beyond every limit already: a longer list says nothing more.
		return
	}
	r.Strikes = append(r.Strikes, s)
}

func (r *Record) unlist(id string) {
	r.Strikes = slices.DeleteFunc(r.Strikes, func(s Strike) bool { return s.ID == id })
}

// remember adds a fingerprint to a bounded list, the newest last.
func remember(list []string, fingerprint string, limit int) []string {
	list = slices.DeleteFunc(list, func(f string) bool { return f == fingerprint })
	list = append(list, fingerprint)
	if len(list) > limit {
		list = list[len(list)-limit:]
	}
	return list
}

func forget(list []string, fingerprint string) []string {
	return slices.DeleteFunc(list, func(f string) bool { return f == fingerprint })
}

// backOff doubles the pause and says when it ends, never sooner than the platform asked.
func (r *Record) backOff(now time.Time, retryAfter time.Duration) {
	r.Backoff = min(max(2*r.Backoff, firstBackoff), maxBackoff)
	r.NotBefore = now.Add(max(r.Backoff, min(retryAfter, maxRetryAfter)))
}

// owe says that the platform must show that it answers before another login is spent.
func (r *Record) owe(now time.Time, retryAfter time.Duration) {
	r.ProbeOwed = true
	r.backOff(now, retryAfter)
}

// Wait is how long the record asks to wait before a login; a time further away than any pause this
// package sets comes from a clock that is wrong, and is ignored.
func (r Record) Wait(now time.Time) time.Duration {
	wait := r.NotBefore.Sub(now)
	if wait <= 0 || wait > maxRetryAfter {
		return 0
	}
	return wait
}
