package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"iot.internal/thingspace/session"
)

// advise says what to do about a login that was refused or not sent, as status does: that depends on
// what the record holds by now, and on where the password comes from.
func (s *opened) advise(ctx context.Context, err error) error {
	if !personal(err) {
		return err
	}
	st, failed := s.Status(ctx)
	if failed != nil {
		return err
	}
	return advised(err, st, s.credentials.holder, time.Now())
}

// advised is an error with what the record's status says must be done about it. holder is what holds the
// password in use.
func advised(err error, st session.Status, holder string, now time.Time) error {
	act, todo := urgent(holder, st, now)
	status, _ := classify(err)
	text := what(err)
	var e *session.Error
	switch {
	case errors.Is(err, session.ErrRotating) && st.Rotation == session.RotationSending && errors.As(err, &e):
		plain := *e
		plain.RetryAfter = 0 // the advice says until when
		text = what(&plain)
		if act != actWait && act != actLogIn {
			status = exitRefused
		}
	case errors.Is(err, session.ErrCredentialsRefused) && saysLocked(err):
		todo = unlock(holder)
	case act == actNone || act == actWait:
		return err // the record has moved on
	}
	return &failure{status: status, what: text, todo: todo, cause: err}
}

// personal reports errors that a person must do something about, as far as the record can tell.
func personal(err error) bool {
	var own *failure
	var rotation *session.RotationError
	if errors.As(err, &own) || errors.As(err, &rotation) {
		return false // says it already
	}
	return errors.Is(err, session.ErrLatched) || errors.Is(err, session.ErrCredentialsRefused) ||
		errors.Is(err, session.ErrPasswordLost) || errors.Is(err, session.ErrOutcomeUnknown) || errors.Is(err, session.ErrRotating)
}

// saysLocked reports a refusal whose code speaks of a lock. Which code a locked user gets is not
// documented, so this is a guess that can only make the advice better.
func saysLocked(err error) bool {
	var e *session.Error
	return errors.As(err, &e) && strings.Contains(strings.ToLower(e.Code), "lock")
}
