package session

import "time"

// Trace has hooks for every decision of a [Client]. Each takes a struct, so that it can grow; nil
// hooks are skipped. Hooks are called synchronously from whichever goroutine decides, possibly
// concurrently: they must be quick and safe for concurrent use, and must not call the client. None
// of the structs holds a secret.
type Trace struct {
	Login    func(LoginEvent)
	Session  func(SessionEvent)
	Bearer   func(BearerEvent)
	Replay   func(ReplayEvent)
	Rotation func(RotationEvent)
	Wait     func(WaitEvent)
	Probe    func(ProbeEvent)
	Store    func(StoreEvent)
}

// LoginPhase is a step of a login attempt.
type LoginPhase string

// The phases of a login. Started and one of accepted, refused, unevaluated, throttled and unknown
// come in pairs; latched and backoff stand alone, since nothing was sent.
const (
	LoginStarted     LoginPhase = "started"     // the strike is reserved, the request leaves
	LoginAccepted    LoginPhase = "accepted"    // a token came back
	LoginRefused     LoginPhase = "refused"     // wrong user name or password: a strike
	LoginUnevaluated LoginPhase = "unevaluated" // it never reached the session service: no strike
	LoginThrottled   LoginPhase = "throttled"   // 429
	LoginUnknown     LoginPhase = "unknown"     // nobody knows whether it counted
	LoginLatched     LoginPhase = "latched"     // not sent: a person must act
	LoginBackoff     LoginPhase = "backoff"     // not sent: too early
	LoginSuperseded  LoginPhase = "superseded"  // accepted, but a logout or rotation came in between: ended again
)

// LoginEvent is one step of a login.
type LoginEvent struct {
	Phase      LoginPhase
	Strikes    int // listed after this step
	StatusCode int
	Code       string
	Duration   time.Duration // of the call, for the answers
	RetryAfter time.Duration
	Err        error
}

// SessionEvent says that the session this client sends with changed.
type SessionEvent struct {
	Reason     string // login, adopted (from the store), refused, logout
	Generation uint64 // of the session, counted by the store's record
}

// BearerEvent says that the bearer this client sends with changed, or could not be had.
type BearerEvent struct {
	Reason    string        // fetched, adopted (from the store), same (the platform returned the refused one), failed
	Remaining time.Duration // until it lapses
	Duration  time.Duration // of the call, if there was one
	Err       error
}

// ReplayEvent says that a request of the caller was refused for a stale token.
type ReplayEvent struct {
	Cause      string // bearer or session
	StatusCode int    // of the refusal
	Replayed   bool   // false: its body cannot be produced again
}

// RotationEvent is one step of a password rotation.
type RotationEvent struct {
	// Phase is started, proved, sent, accepted, saved; instead of sent: failed, overtaken (somebody else
	// rotated meanwhile, or gave this one up); instead of accepted: refused, unknown, unevaluated; instead of
	// saved: failed. adopted, finished and lost stand alone.
	Phase    string
	Duration time.Duration
	Err      error
}

// WaitEvent says that another process had the lease or was rotating, and this one waited.
type WaitEvent struct {
	For      string // login, rotation
	Duration time.Duration
	Lapsed   bool // the other one was given up
}

// ProbeEvent says that the platform was asked whether it answers, before a login is spent.
type ProbeEvent struct {
	Paid       bool
	StatusCode int
	RetryAfter time.Duration
	Err        error
}

// StoreEvent says that an operation of the store failed.
type StoreEvent struct {
	Operation string // load, swap
	Err       error
}
