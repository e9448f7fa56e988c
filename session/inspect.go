package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

// Status returns what the shared record says. It sends nothing and needs no password, only the user
// name.
func (c *Client) Status(ctx context.Context) (Status, error) {
	if c.isClosed() {
		return Status{}, &Error{Op: "status", err: ErrClosed}
	}
	id, err := c.identify(ctx)
	if err != nil {
		return Status{}, err
	}
	_, r, err := c.load(ctx, id.account)
	if err != nil {
		return Status{}, err
	}
	return c.describe(id, r, time.Now()), nil
}

func (c *Client) describe(id identity, r ledger.Record, now time.Time) Status {
	s := Status{
		Strikes: len(r.Strikes), Limit: ledger.Limit, Pending: r.Lease != nil && !r.Lease.Probe,
		ProbeOwed: r.ProbeOwed, Rotation: RotationNone, Rearmed: r.OneAttempt,
		Refused: len(r.Refused), Retired: len(r.Retired), Password: passwordState(id, r),
	}
	if r.Wait(now) > 0 {
		s.NotBefore = r.NotBefore
	}
	if m := r.Rotation; m != nil && m.Phase != ledger.Settled {
		s.Rotation = rotationState(m.Phase)
		if m.Busy() {
			s.RotationBegan, s.RotationEnds = m.At, m.At.Add(heededLength(m.Length))
		}
	}
	for _, a := range r.Strikes {
		s.Attempts = append(s.Attempts, AttemptStatus{
			At: a.At, State: AttemptState(a.State), Reset: a.Reset, MayArriveUntil: r.MayArriveUntil(a, now),
		})
	}
	app := r.Applications[id.account.application]
	if held := app.Session; held != nil {
		s.Session = SessionStatus{
			Present: true, Readable: id.account.session(r) != nil, Obtained: held.Obtained, LastUsed: held.LastUsed,
			Expires: held.LastUsed.Add(ledger.IdleLimit), Alive: !held.Idle(now),
		}
	}
	for application, other := range r.Applications {
		if application != id.account.application && other.Session != nil && !other.Session.Idle(now) {
			s.Session.Foreign++
		}
	}
	if b := id.account.bearer(r); b != nil {
		s.Bearer = BearerStatus{Present: true, Expires: b.expires}
	}
	latched := s.Strikes >= ledger.Limit || s.Password == PasswordRefused || s.Password == PasswordRetired ||
		s.Password == PasswordLost || r.ProbeOwed && c.cfg.NoProbe
	s.Latched = latched && (!r.OneAttempt || s.Password == PasswordRetired || s.Strikes >= ledger.HardLimit)
	if m := r.Rotation; m != nil && m.Old == id.fingerprint && c.canFinish(id, r) {
		s.Latched = false // its successor is in the record, and the next login saves it
	}
	return s
}

func rotationState(p ledger.Phase) RotationState {
	switch p {
	case ledger.Saving, ledger.Doubt, ledger.Lost:
		return RotationState(p)
	}
	return RotationSending // or a phase of a later version, which is waited for in the same way
}

func passwordState(id identity, r ledger.Record) PasswordState {
	switch {
	case id.credentials.Password.Reveal() == "":
		return PasswordMissing
	case r.Rotation != nil && r.Rotation.Phase == ledger.Lost && r.Rotation.Old == id.fingerprint:
		return PasswordLost
	case slices.Contains(r.Retired, id.fingerprint):
		return PasswordRetired
	case slices.Contains(r.Refused, id.fingerprint):
		return PasswordRefused
	}
	return PasswordUsable
}

// Rearm is for a person who has looked into why logins stopped. [OneAttempt] allows one login in
// spite of a refused password, an owed probe or three strikes, and is refused with [ErrLatched] when
// a fifth strike could follow. [CounterCleared] asserts that the platform's own counter is at zero
// and empties the list, but for attempts that may still be on their way; it also replaces a record
// that cannot be read, unless a later version of this program wrote it. Refused passwords stay
// refused: OneAttempt after it tries one again.
func (c *Client) Rearm(ctx context.Context, how Rearm) error {
	if c.isClosed() {
		return &Error{Op: "rearm", err: ErrClosed}
	}
	id, err := c.identify(ctx)
	if err != nil {
		return err
	}
	switch how {
	case OneAttempt:
		allowed := true
		err := c.update(ctx, id.account, func(r ledger.Record) (ledger.Record, bool) {
			r, allowed = r.AllowOne()
			return r, allowed
		})
		if err == nil && !allowed {
			err = &Error{Op: "rearm", err: fmt.Errorf("%w: one more failure could be the fifth, which locks the account", ErrLatched)}
		}
		return err
	case CounterCleared:
		err := c.update(ctx, id.account, func(r ledger.Record) (ledger.Record, bool) {
			return r.Cleared(time.Now()), true
		})
		if errors.Is(err, ledger.ErrUnreadable) {
			return c.replaceRecord(ctx, id.account)
		}
		return err
	}
	return &Error{Op: "rearm", err: errors.New("neither OneAttempt nor CounterCleared")}
}

// replaceRecord puts an empty record in the place of one that cannot be read, on a person's word.
func (c *Client) replaceRecord(ctx context.Context, a *account) error {
	raw, _, err := c.load(ctx, a)
	if !errors.Is(err, ledger.ErrUnreadable) {
		return err
	}
	swapped, err := c.swap(ctx, a, raw, ledger.Record{}, "")
	if err == nil && !swapped {
		err = c.storeFailed("swap", errors.New("the record changed meanwhile"))
	}
	return err
}
