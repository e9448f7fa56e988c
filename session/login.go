package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

// login sends the one login that was reserved, and settles it.
func (a *acquiring) login(ctx context.Context, id identity, attempt ledger.Attempt, strikes int) (*sessionPart, bool, error) {
	c := a.c
	c.traceLogin(LoginEvent{Phase: LoginStarted, Strikes: strikes})
	began := time.Now()
	answer := c.wire.login(ctx, attempt.At.Add(c.cfg.CallTimeout), a.bearer, id.credentials)
	took := time.Since(began)
	said := answer.ledger(id.account, sealedSession)

	if answer.fault.Bearer() && said.Outcome == ledger.NotEvaluated && !a.mended {
		a.mended = true
		said.Again = a.anotherBearer(ctx, id.account)
	}
	s, r, owed := c.settleLogin(ctx, id.account, attempt, said)
	wait := r.Wait(time.Now())
	c.traceLogin(LoginEvent{
		Phase: loginPhase(said.Outcome, s.Superseded), Strikes: s.Strikes, StatusCode: answer.status,
		Code: answer.fault.Code, Duration: took, RetryAfter: wait, Err: answer.err,
	})
	switch {
	case said.Again && owed == nil:
		return nil, true, nil
	case said.Outcome != ledger.Accepted:
		return nil, false, a.refusal(answer, said, s, wait, owed)
	case s.Superseded:
		c.endSuperseded(ctx, id.account, a.bearer, answer.value, r)
		return nil, false, a.superseded()
	}
	return a.take(id, answer.value, said.Now, s.Generation)
}

// anotherBearer replaces a bearer that the gateway refused, and reports whether it is another one. Why
// there is none to be had is kept for the error.
func (a *acquiring) anotherBearer(ctx context.Context, account *account) bool {
	old := a.bearer.value.Reveal()
	a.c.discardBearer(old)
	b, err := a.c.bearer(ctx, account, old)
	a.unmended = err
	if err != nil || b.value.Reveal() == old {
		return false
	}
	a.bearer = b
	return true
}

// take makes an accepted session the one in hand. Without a generation the store could not be told:
// then it serves this process alone until it can.
func (a *acquiring) take(id identity, token string, now time.Time, generation uint64) (*sessionPart, bool, error) {
	if token == a.want.refused {
		return nil, false, &Error{Op: a.want.op, err: errSameToken}
	}
	part := &sessionPart{
		account: id.account, token: newToken(token), generation: generation,
		obtained: now, used: now, stored: now,
	}
	if generation == 0 {
		part.generation = a.c.nextGeneration()
	}
	if !a.c.publishSession(part, a.logouts, "login") {
		return nil, false, a.superseded()
	}
	return part, false, nil
}

func (c *Client) nextGeneration() uint64 {
	if snap := c.current.Load(); snap != nil && snap.session != nil {
		return snap.session.generation + 1
	}
	return 1
}

// refusal is the error of a login that brought no session.
func (a *acquiring) refusal(answer answer, said ledger.Answer, s ledger.Settlement, wait time.Duration, owed error) error {
	e := a.failure(answer, a.want.op)
	e.RetryAfter = max(e.RetryAfter, wait)
	switch {
	case s.Lost:
		e.err = fmt.Errorf("%w: %w", ErrPasswordLost, ErrCredentialsRefused)
		a.c.traceRotation(RotationEvent{Phase: "lost", Err: e.err})
	case said.Outcome == ledger.Rejected:
		e.err = ErrCredentialsRefused
	case answer.fault.Bearer() && a.unmended == nil:
		e.err = ErrBearerRejected
	}
	if owed != nil {
		e.err = fmt.Errorf("%w; it could not be recorded: %w", e.err, owed)
	}
	return e
}

// failure is the error of an answer. If that refused the bearer while no other could be had it is the OAuth2
// endpoint's, since the refusal itself is mended as soon as that answers.
func (a *acquiring) failure(answer answer, op string) *Error {
	if !answer.fault.Bearer() || a.unmended == nil {
		return answer.error(op)
	}
	e := &Error{Op: "oauth", err: a.unmended}
	if cause := (*Error)(nil); errors.As(a.unmended, &cause) {
		*e = *cause
	}
	return e
}

// settleLogin records an answer. What cannot be recorded is owed.
func (c *Client) settleLogin(ctx context.Context, account *account, attempt ledger.Attempt, said ledger.Answer) (ledger.Settlement, ledger.Record, error) {
	var s ledger.Settlement
	var r ledger.Record
	err := c.settleOrOwe(ctx, &debt{account: account, settle: func(before ledger.Record) (ledger.Record, bool) {
		r, s = before.SettleLogin(attempt, said)
		return r, true
	}, settled: func(ctx context.Context) {
		if said.Outcome == ledger.Accepted {
			c.learnOf(ctx, account, said, s, r)
		}
	}})
	if err != nil {
		return ledger.Settlement{}, ledger.Record{}, err
	}
	return s, r, nil
}

// learnOf tells the session in hand, which the store could not be told of when it came, what the record
// says of it now.
func (c *Client) learnOf(ctx context.Context, account *account, said ledger.Answer, s ledger.Settlement, r ledger.Record) {
	token, err := account.box.Open(sealedSession, said.Sealed)
	if err != nil {
		return
	}
	if s.Superseded {
		c.discard(token, "logout")
		if b, err := c.bearer(ctx, account, ""); err == nil {
			c.endSuperseded(ctx, account, b, token, r)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	snap := c.current.Load()
	if snap == nil || snap.session == nil || snap.session.token.Reveal() != token {
		return
	}
	part := *snap.session
	part.generation = s.Generation
	next := makeSnapshot(snap.bearer, &part)
	next.distrusted = snap.distrusted
	c.current.Store(next)
}

// endSuperseded ends a session that a logout or rotation overtook, so that it does not live on
// unknown to anybody. If the platform gave the same token to its successor it is left alone.
func (c *Client) endSuperseded(ctx context.Context, account *account, b *bearerPart, token string, r ledger.Record) {
	if successor := account.session(r); successor != nil && successor.token.Reveal() == token {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.CallTimeout)
	defer cancel()
	_ = c.wire.logout(ctx, b, token) // if it fails, twenty idle minutes end it
}

func loginPhase(o ledger.Outcome, superseded bool) LoginPhase {
	switch o {
	case ledger.Accepted:
		if superseded {
			return LoginSuperseded
		}
		return LoginAccepted
	case ledger.Rejected:
		return LoginRefused
	case ledger.NotEvaluated:
		return LoginUnevaluated
	case ledger.Throttled:
		return LoginThrottled
	}
	return LoginUnknown
}
