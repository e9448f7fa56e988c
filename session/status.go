package session

import "time"

// Status is what the shared record says. It holds no secret.
type Status struct {
	Session   SessionStatus   // of this application
	Bearer    BearerStatus    // of this application
	Strikes   int             // login attempts not known to have been free, since the last success
	Limit     int             // strikes at which logins stop: three of the platform's five
	Attempts  []AttemptStatus // the strikes, oldest first
	Latched   bool            // a login with the password in hand would not be sent: ErrLatched
	Password  PasswordState   // what the record knows of the password in hand
	Pending   bool            // a login is under way somewhere, or its process died
	ProbeOwed bool            // the platform must show that it answers before a login is spent
	NotBefore time.Time       // no login before this time; zero if none is set
	Rotation  RotationState   // where a password rotation stands
	// When that rotation began, and when its process has ended it or died; by the clock of the host that
	// set the mark. Zero but for RotationSending and RotationSaving.
	RotationBegan time.Time
	RotationEnds  time.Time
	Rearmed       bool // one attempt was allowed by a person and is not used yet
	Refused       int  // passwords known to be wrong
	Retired       int  // passwords known to be rotated away
}

// SessionStatus tells of the session token, without it.
type SessionStatus struct {
	Present  bool      // there is one in the record
	Readable bool      // and this application's secret opens it
	Obtained time.Time // when it was obtained
	LastUsed time.Time // when anybody used it last, to the minute
	Expires  time.Time // when it lapses if nobody uses it: 20 idle minutes (documented)
	Alive    bool      // not idle for longer than that
	Foreign  int       // others in the record that are alive and sealed with another application's key or secret
}

// BearerStatus tells of the OAuth2 bearer, without it.
type BearerStatus struct {
	Present bool
	Expires time.Time
}

// AttemptStatus is one listed strike.
type AttemptStatus struct {
	At    time.Time
	State AttemptState
	Reset bool // it was a password reset, not a login
	// MayArriveUntil is how long, at the least, it may still be on its way to the platform, and count there
	// after a later success, which therefore does not strike it off. Zero: it cannot any more, since it was
	// answered or began long ago, and the next success strikes it off.
	MayArriveUntil time.Time
}

// AttemptState says what is known of a login attempt that may have cost a strike.
type AttemptState string

// The states of an attempt.
const (
	AttemptPending AttemptState = "pending" // being sent, or its process died
	AttemptUnknown AttemptState = "unknown" // nobody knows whether the platform counted it
	AttemptRefused AttemptState = "refused" // the platform refused it
)

// PasswordState is what the record knows of a password.
type PasswordState string

// The states of the password in hand.
const (
	PasswordMissing PasswordState = "missing" // the credential source gave none
	PasswordUsable  PasswordState = "usable"  // nothing is known against it
	PasswordRefused PasswordState = "refused" // the platform refused it
	PasswordRetired PasswordState = "retired" // it was rotated away
	PasswordLost    PasswordState = "lost"    // a reset took effect and its answer was lost
)

// RotationState is where a password rotation stands.
type RotationState string

// The states of a rotation.
const (
	RotationNone    RotationState = "none"
	RotationSending RotationState = "sending" // the reset is about to be sent or on its way, or its process died
	RotationSaving  RotationState = "saving"  // the new password is sealed in the record and being saved
	RotationUnknown RotationState = "unknown" // the answer was lost; the next login settles it
	RotationLost    RotationState = "lost"    // settled: the old password is dead, the new one unknown
)

// Rearm is what a person asserts with [Client.Rearm].
type Rearm int

const (
	// OneAttempt allows exactly one login in spite of a refused password, an owed probe or three
	// strikes, but never a fifth strike.
	OneAttempt Rearm = iota + 1
	// CounterCleared asserts that the platform's own counter is at zero: support unlocked the
	// account, or a person logged in elsewhere. It empties the list of strikes.
	CounterCleared
)
