package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

const (
	// proofTimeout is for proving that saving works, before the reset leaves.
	proofTimeout = 30 * time.Second
	// saveTimeout is for saving the new password.
	saveTimeout = 30 * time.Second
)

var errNotKept = errors.New("the credential source did not keep what was saved")

// ResetPassword lets the platform make a new password, saves it, and returns it. The platform makes
// it effective at once and tells it once (documented), so saving is proved to work before anything is
// sent, the request is sent once, and the answer is waited for whatever becomes of ctx: when ctx
// ends, its caller is freed and the rotation goes on; Close waits for it. Concurrent calls, in any
// process that shares the store, rotate once.
//
// Errors: [ErrReadOnlyCredentials]; [ErrOutcomeUnknown] when the answer was lost, now or earlier;
// [ErrPasswordLost] when an earlier one is lost for good, until a login with another password is accepted;
// [*RotationError], which holds the new password, when it could not be saved after all.
func (c *Client) ResetPassword(ctx context.Context) (Secret, error) {
	if c.isClosed() {
		return Secret{}, &Error{Op: "reset", err: ErrClosed}
	}
	saver, ok := c.cfg.Credentials.(CredentialSaver)
	if !ok {
		return Secret{}, &Error{Op: "reset", err: ErrReadOnlyCredentials}
	}
	limit := c.cfg.ResetTimeout + 2*c.acquireLimit() + c.markLength()
	password, err := c.rotations.Do(ctx, false, limit, func(ctx context.Context) (Secret, error) {
		r := &rotating{acquiring: acquiring{c: c, want: acquisition{op: "reset"}, logouts: c.logoutCount()}, saver: saver}
		return r.run(ctx)
	})
	if err != nil {
		var lost *RotationError
		if errors.As(err, &lost) {
			return Secret{}, err
		}
		return Secret{}, fail("reset", err)
	}
	return password, nil
}

// markLength is what a rotation claims; its holder is done, or has given up, a minute before.
func (c *Client) markLength() time.Duration {
	return proofTimeout + c.cfg.ResetTimeout + saveTimeout + time.Minute
}

// rotating is the state of one rotation between two looks at the record.
type rotating struct {
	acquiring
	saver          CredentialSaver
	first          *identity // as it was when the rotation was asked for
	sessionRenewed bool
}

func (r *rotating) run(ctx context.Context) (Secret, error) {
	waiting, stop := r.c.untilClosed(ctx)
	defer stop()
	r.waiting = waiting
	for {
		password, again, err := r.step(ctx)
		if err != nil || !again {
			return password, err
		}
	}
}

// step asks the record once, and rotates when it may.
func (r *rotating) step(ctx context.Context) (Secret, bool, error) {
	c := r.c
	id, err := c.identify(ctx)
	if err != nil {
		return Secret{}, false, err
	}
	if err := id.credentials.sendable(); err != nil {
		return Secret{}, false, &Error{Op: "reset", err: err}
	}
	if r.first == nil {
		r.first = &id
	}
	if id.fingerprint != r.first.fingerprint {
		c.traceRotation(RotationEvent{Phase: "adopted"})
		return id.credentials.Password, false, nil
	}
	raw, record, err := c.load(ctx, id.account)
	if err != nil {
		return Secret{}, false, err
	}
	if paid, err := c.payDebt(ctx, id.account); paid || err != nil {
		return Secret{}, err == nil, err
	}
	claim := r.claim(id, record)
	claim.Length = c.markLength()
	next, v := record.BeginRotation(claim)
	switch v.Decision {
	case ledger.WaitLogin, ledger.WaitRotate:
		return Secret{}, true, r.wait(id, v)
	case ledger.Proceed, ledger.ProbeFirst:
		// Both tokens first: under the mark nobody could log in.
		part, err := c.session(ctx, acquisition{op: "reset"})
		if err != nil {
			return Secret{}, false, err
		}
		if r.bearer, err = c.bearer(ctx, id.account, ""); err != nil {
			return Secret{}, false, err
		}
		if err := r.mayBegin(ctx, c.markLength()); err != nil {
			return Secret{}, false, err
		}
		swapped, err := c.swap(ctx, id.account, raw, next, claim.ID)
		if err == nil && !swapped {
			err = pause(ctx, jitter(contentionPause))
		}
		if err != nil || !swapped {
			return Secret{}, err == nil, err
		}
		r.endWait(v.Lapsed)
		if v.Decision == ledger.ProbeFirst {
			err := r.probe(ctx, id.account, claim.ID)
			return Secret{}, err == nil, err
		}
		return r.rotate(ctx, id, part, v.Attempt)
	}
	if v.Changed {
		swapped, err := c.swap(ctx, id.account, raw, next, claim.ID)
		if err == nil && !swapped {
			err = pause(ctx, jitter(contentionPause))
		}
		if err != nil || !swapped {
			return Secret{}, err == nil, err
		}
	}
	r.endWait(v.Lapsed)
	switch v.Decision {
	case ledger.FinishFirst:
		r.unsaved = c.finishRotation(ctx, id, *next.Rotation)
		return Secret{}, r.unsaved == nil, r.unsaved
	case ledger.InDoubt:
		if next.Rotation.Phase == ledger.Lost { // with another password in hand, which no login has proved
			return Secret{}, false, &Error{Op: "reset", err: fmt.Errorf("%w: %w", ErrPasswordLost, ErrLatched)}
		}
		return Secret{}, false, &Error{Op: "reset", err: ErrOutcomeUnknown}
	}
	if r.changed(ctx, id, v.Decision) {
		return Secret{}, true, nil
	}
	return Secret{}, false, r.denied(v, len(next.Strikes))
}

// rotate holds the mark: nobody who shares the store logs in until it is done.
func (r *rotating) rotate(ctx context.Context, id identity, part *sessionPart, attempt ledger.Attempt) (Secret, bool, error) {
	c := r.c
	c.traceRotation(RotationEvent{Phase: "started"})
	// From here on nothing of the caller's may interrupt: the answer comes once.
	ctx = context.WithoutCancel(ctx)
	ready, err := r.makeReady(ctx, id, attempt)
	if err != nil || !ready {
		_ = c.settleOrOwe(ctx, &debt{account: id.account, settle: func(record ledger.Record) (ledger.Record, bool) {
			return record.Cancel(attempt), true
		}})
		if err != nil {
			c.traceRotation(RotationEvent{Phase: "failed", Err: err})
			return Secret{}, false, &Error{Op: "reset", err: fmt.Errorf("nothing was sent: %w", err)}
		}
		c.traceRotation(RotationEvent{Phase: "overtaken"})
		return Secret{}, true, nil // somebody else has rotated, or given this one up: the next look tells
	}
	c.traceRotation(RotationEvent{Phase: "sent"})
	began := time.Now()
	// Counted from the claim, so that a process that is held up right here cannot send after its mark
	// has lapsed; it leaves the whole of ResetTimeout, since it was ready in time.
	answer := c.wire.reset(ctx, attempt.At.Add(proofTimeout+c.cfg.ResetTimeout), r.bearer, part.token.Reveal(), id.credentials)
	took := time.Since(began)
	said := answer.ledger(id.account, sealedPassword(attempt.Fingerprint))
	if answer.fault.SessionToken() {
		said.Outcome = ledger.NotEvaluated // the session was refused before the password was looked at
	}
	fresh := Credentials{Username: id.credentials.Username, Password: NewSecret(answer.value)}
	if said.Outcome == ledger.Accepted {
		said.New = c.fingerprint(fresh)
	}
	settle := func(record ledger.Record) (ledger.Record, bool) { return record.SettleRotation(attempt, said), true }
	if said.Outcome == ledger.Accepted {
		recorded := c.settle(ctx, id.account, settle) == nil // if not, keep sees to it
		c.traceRotation(RotationEvent{Phase: rotationPhase(said.Outcome), Duration: took, Err: answer.err})
		return r.keep(ctx, id, attempt, said, fresh, recorded)
	}
	owed := c.settleOrOwe(ctx, &debt{account: id.account, settle: settle})
	c.traceRotation(RotationEvent{Phase: rotationPhase(said.Outcome), Duration: took, Err: answer.err})
	if said.Outcome == ledger.NotEvaluated && owed == nil && r.mend(ctx, id, part, answer) {
		return Secret{}, true, nil
	}
	e := r.failure(answer, "reset")
	switch {
	case e.Op != "reset":
	case said.Outcome == ledger.Rejected:
		e.err = ErrCredentialsRefused
	case answer.fault.SessionToken():
		e.err = ErrSessionExpired
	case answer.fault.Bearer():
		e.err = ErrBearerRejected
	case said.Outcome != ledger.NotEvaluated:
		e.err = because(ErrOutcomeUnknown, answer.err)
	}
	if owed != nil {
		e.err = fmt.Errorf("%w; it could not be recorded: %w", e.err, owed)
	}
	return Secret{}, false, e
}

// makeReady proves that saving works and then has the record say that the reset may be on its way: a
// process that dies before that leaves no doubt behind. It reports false when somebody else has
// rotated, or has given this rotation up.
func (r *rotating) makeReady(ctx context.Context, id identity, attempt ledger.Attempt) (bool, error) {
	c := r.c
	by := attempt.At.Add(proofTimeout)
	ctx, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	now, err := r.prove(ctx, id.credentials)
	if err != nil {
		return false, fmt.Errorf("saving a password does not work: %w", err)
	}
	if now.Password.Reveal() != id.credentials.Password.Reveal() {
		return false, nil
	}
	c.traceRotation(RotationEvent{Phase: "proved"})
	var mine bool
	err = c.update(ctx, id.account, func(record ledger.Record) (ledger.Record, bool) {
		record, mine = record.SendReset(attempt.ID)
		return record, mine
	})
	if err == nil && mine && late(by) {
		err = errTooLate
	}
	return mine, err
}

// mend renews the token that a reset was refused for, once each, and reports whether it is worth
// asking again: neither refusal had looked at the password.
func (r *rotating) mend(ctx context.Context, id identity, part *sessionPart, answer answer) bool {
	switch {
	case answer.fault.SessionToken() && !r.sessionRenewed:
		r.sessionRenewed = true
		r.c.discard(part.token.Reveal(), "refused")
		return true
	case answer.fault.Bearer() && !r.mended:
		r.mended = true
		return r.anotherBearer(ctx, id.account)
	}
	return false
}

// prove saves what is there already and reads it back. It returns the credentials as they are now:
// others than expected if somebody rotated in between.
func (r *rotating) prove(ctx context.Context, expected Credentials) (Credentials, error) {
	var now Credentials
	err := shielded(func() (err error) {
		now, err = r.tryOut(ctx, expected)
		return err
	})
	if err != nil {
		err = scrub(err, []string{expected.Password.Reveal(), now.Password.Reveal()})
	}
	return now, err
}

func (r *rotating) tryOut(ctx context.Context, expected Credentials) (Credentials, error) {
	now, err := r.saver.Load(ctx)
	if err != nil || now.Password.Reveal() != expected.Password.Reveal() {
		return now, err
	}
	if swapper, ok := r.saver.(CredentialSwapper); ok {
		if _, err := swapper.SwapCredentials(ctx, now, now); err != nil {
			return now, err
		}
	} else if err := r.saver.Save(ctx, now); err != nil {
		return now, err
	}
	return r.saver.Load(ctx)
}

// keep saves the new password and clears the mark. The record holds it, sealed, until that is done,
// if it could be recorded.
func (r *rotating) keep(ctx context.Context, id identity, attempt ledger.Attempt, said ledger.Answer, fresh Credentials, recorded bool) (Secret, bool, error) {
	c := r.c
	// end records how it ended. What was recorded once is not recorded again: others may have gone on
	// from there.
	end := func(how func(ledger.Record, string) (ledger.Record, bool)) {
		_ = c.settleOrOwe(ctx, &debt{account: id.account, settle: func(record ledger.Record) (ledger.Record, bool) {
			if !recorded {
				record = record.SettleRotation(attempt, said)
			}
			record, mine := how(record, attempt.ID)
			return record, mine || !recorded
		}})
	}
	err := c.save(ctx, r.saver, id.credentials, fresh, attempt.At.Add(c.markLength()-time.Minute))
	if err != nil && recorded {
		if _, record, failed := c.load(ctx, id.account); failed == nil && !record.Holds(attempt.ID) {
			return Secret{}, true, nil // this process was held up and another has finished: the next look returns its work
		}
	}
	if err != nil {
		c.traceRotation(RotationEvent{Phase: "failed", Err: err})
		end(ledger.Record.Abandon)
		return Secret{}, false, &RotationError{newPassword: fresh.Password, err: err}
	}
	end(ledger.Record.Saved)
	c.traceRotation(RotationEvent{Phase: "saved"})
	return fresh.Password, false, nil
}

// save makes the new password durable and reads it back. It begins no write after by, when another
// process may have taken over, unless the source can compare.
func (c *Client) save(ctx context.Context, saver CredentialSaver, old, fresh Credentials, by time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	err := shielded(func() error { return replace(ctx, saver, old, fresh, by) })
	if err != nil {
		return scrub(err, []string{old.Password.Reveal(), fresh.Password.Reveal()})
	}
	return nil
}

func replace(ctx context.Context, saver CredentialSaver, old, fresh Credentials, by time.Time) error {
	swapped := false
	if swapper, ok := saver.(CredentialSwapper); ok {
		var err error
		if swapped, err = swapper.SwapCredentials(ctx, old, fresh); err != nil {
			return err
		}
	}
	if !swapped {
		now, err := saver.Load(ctx)
		switch {
		case err == nil && now.Password.Reveal() == fresh.Password.Reveal():
			return nil
		case err == nil && now.Password.Reveal() != old.Password.Reveal():
			return errEdited // it may be newer than this one
		case late(by):
			return errTooLate
		}
		if err := saver.Save(ctx, fresh); err != nil {
			return err
		}
	}
	now, err := saver.Load(ctx)
	if err != nil {
		return err
	}
	if now.Username != fresh.Username || now.Password.Reveal() != fresh.Password.Reveal() {
		return errNotKept
	}
	return nil
}

// canFinish reports whether this process could finish a rotation whose process died while saving.
func (c *Client) canFinish(id identity, r ledger.Record) bool {
	if _, ok := c.cfg.Credentials.(CredentialSaver); !ok || r.Rotation == nil || r.Rotation.Phase != ledger.Saving {
		return false
	}
	_, err := id.account.box.Open(sealedPassword(r.Rotation.Old), r.Rotation.Sealed)
	return err == nil
}

var errEdited = errors.New("the credentials were changed by somebody else during the rotation")

// finishRotation saves what a dead process could not. It does not overwrite a password that somebody
// put there since, unless that is known to be wrong.
func (c *Client) finishRotation(ctx context.Context, id identity, mark ledger.Rotation) error {
	began := time.Now()
	saver, ok := c.cfg.Credentials.(CredentialSaver)
	if !ok {
		return ErrReadOnlyCredentials
	}
	password, err := id.account.box.Open(sealedPassword(mark.Old), mark.Sealed)
	if err != nil {
		return err
	}
	_, r, err := c.load(ctx, id.account)
	if err != nil {
		return err
	}
	fresh := Credentials{Username: id.credentials.Username, Password: NewSecret(password)}
	if id.fingerprint != mark.New {
		err := errEdited
		if id.fingerprint == mark.Old || r.Known(id.fingerprint) {
			err = c.save(ctx, saver, id.credentials, fresh, began.Add(mark.Length))
		}
		if err != nil {
			c.traceRotation(RotationEvent{Phase: "failed", Err: err})
			_ = c.settle(ctx, id.account, func(record ledger.Record) (ledger.Record, bool) { return record.Abandon(mark.ID) })
			return &RotationError{newPassword: fresh.Password, err: err}
		}
	}
	c.traceRotation(RotationEvent{Phase: "finished"})
	return c.settle(ctx, id.account, func(record ledger.Record) (ledger.Record, bool) {
		return record.Saved(mark.ID)
	})
}

func rotationPhase(o ledger.Outcome) string {
	switch o {
	case ledger.Accepted:
		return "accepted"
	case ledger.Rejected:
		return "refused"
	case ledger.NotEvaluated:
		return "unevaluated"
	}
	return "unknown"
}
