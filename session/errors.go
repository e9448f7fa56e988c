package session

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// What can go wrong, to be found with [errors.Is] through any wrapping. The comment says what to do.
var (
	// ErrCredentialsRefused: the platform refused this password just now, which spent a strike.
	// Change the password.
	ErrCredentialsRefused = errors.New("the platform refused this user name and password")
	// ErrLatched: the password was refused or retired earlier, or the strikes are used up; nothing
	// was sent. A refused or retired password wants another one in its place; used-up strikes want a
	// person who checks the password and calls [Client.Rearm], whatever the password.
	ErrLatched = errors.New("no login is sent until a person has acted")
	// ErrBackoff: too early after a failure; nothing was sent. [Error.RetryAfter] says when to try again.
	ErrBackoff = errors.New("too early to log in again after a failure")
	// ErrRotating: another process is changing the password. Wait.
	ErrRotating = errors.New("a password rotation is under way")
	// ErrOutcomeUnknown: the answer to a password reset was lost. The next login settles which
	// password is the right one.
	ErrOutcomeUnknown = errors.New("the outcome of the password reset is unknown; the next login settles it")
	// ErrPasswordLost: a reset took effect, its answer was lost, and the old password is refused
	// now. Only Verizon support can help.
	ErrPasswordLost = errors.New("the new password was lost with the answer to a reset; Verizon support must set another")
	// ErrReadOnlyCredentials: a reset needs a [CredentialSaver]; nothing was sent.
	ErrReadOnlyCredentials = errors.New("the credential source cannot save a new password")
	// ErrSessionExpired: the session was refused although it had just been renewed.
	ErrSessionExpired = errors.New("the session token is still refused after a renewal")
	// ErrBearerRejected: the OAuth2 bearer was refused although it had just been fetched.
	ErrBearerRejected = errors.New("the OAuth2 bearer is still refused after a renewal")
	// ErrStoreUnavailable: without the store no login is attempted, since nobody could count the strikes.
	ErrStoreUnavailable = errors.New("the session store is unavailable")
	// ErrInvalidCharacter: the platform refuses ' < and \ in any field; nothing was sent.
	ErrInvalidCharacter = errors.New(`the platform refuses the characters ' < and \`)
	// ErrForeignHost: the request does not go to the origin of the base URL; nothing was sent.
	ErrForeignHost = errors.New("not the origin of the configured base URL")
	// ErrSessionEndpoint: login, logout and reset go through the methods, bearers are the client's own
	// business; nothing was sent.
	ErrSessionEndpoint = errors.New("the session endpoints are called through Login, Logout and ResetPassword only, and bearers by the client itself")
	// ErrClosed: the client was closed; nothing was sent.
	ErrClosed = errors.New("the client is closed")
)

// Error is every failure of a [Client]. Its text holds the operation, the HTTP status, the vendor's
// code and the cause; never a body, a query, a header or the vendor's message.
type Error struct {
	Op         string        // oauth, login, logout, reset, probe, request, store, status, rearm, credentials
	StatusCode int           // HTTP status of the answer, 0 if there was none
	Code       string        // the vendor's code without its service prefix, or the gateway's or OAuth's; "" if none
	Message    string        // the vendor's message, for a person to read in a debugger: it may quote identifiers
	RetryAfter time.Duration // how long to wait before trying again; 0 if not known

	err error
}

// Error returns a single line without secrets.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("thingspace: ")
	b.WriteString(e.Op)
	if e.StatusCode != 0 {
		b.WriteString(": status ")
		b.WriteString(strconv.Itoa(e.StatusCode))
	}
	if e.Code != "" {
		b.WriteString(": code ")
		b.WriteString(e.Code)
	}
	if e.err != nil {
		b.WriteString(": ")
		b.WriteString(e.err.Error())
	}
	if e.RetryAfter > 0 {
		b.WriteString(" (try again in ")
		b.WriteString(e.RetryAfter.Round(time.Second).String())
		b.WriteString(")")
	}
	return b.String()
}

// Format prints what Error returns for every verb, so that not even %#v shows the message.
func (e *Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Timeout reports whether the cause was a time limit, as [net.Error] and [net/url.Error] have it.
func (e *Error) Timeout() bool { return timedOut(e.err) }

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// RotationError says that the platform changed the password and the new one could not be saved. The
// new password exists in this value (and, sealed, in the store's record if that could be written):
// keep it.
type RotationError struct {
	newPassword Secret
	err         error
}

// NewPassword is the password that is in force now.
func (e *RotationError) NewPassword() Secret { return e.newPassword }

// Error returns a single line without secrets.
func (e *RotationError) Error() string {
	return "thingspace: reset: the password was changed but could not be saved, keep NewPassword: " + e.err.Error()
}

// Format prints what Error returns for every verb.
func (e *RotationError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns why saving failed.
func (e *RotationError) Unwrap() error { return e.err }

// because joins what something means with its cause, if there is one.
func because(meaning, cause error) error {
	if cause == nil {
		return meaning
	}
	return fmt.Errorf("%w: %w", meaning, cause)
}
