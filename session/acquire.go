package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/seal"
)

// acquisition is what a caller wants of a session.
type acquisition struct {
	op      string
	refused string // not this one
	force   bool   // not any that is there
}

var (
	errSuperseded = errors.New("the session was ended while it was being obtained; ask again")
	errSameToken  = errors.New("the platform returned the session token that it had just refused")
)

// superseded says that a logout, of this process or another, overtook a login. It is an [ErrBackoff].
type superseded struct{ logouts uint64 } // of this process, when the login began

func (superseded) Error() string        { return errSuperseded.Error() }
func (superseded) Is(target error) bool { return target == errSuperseded || target == ErrBackoff }

func (a *acquiring) superseded() error {
	return &Error{Op: a.want.op, RetryAfter: lastPoll, err: superseded{a.logouts}}
}

// session returns a session that fits, one flight for all who want one at the same time.
func (c *Client) session(ctx context.Context, want acquisition) (*sessionPart, error) {
	if c.isClosed() {
		return nil, &Error{Op: want.op, err: ErrClosed}
	}
	asked := c.logoutCount()
	// The flight that is joined may have been started for something less: then once more.
	for range 3 {
		if part := c.sessionInHand(want); part != nil {
			return part, nil
		}
		part, err := c.sessions.Do(ctx, want.force, c.acquireLimit(), func(ctx context.Context) (*sessionPart, error) {
			return c.acquire(ctx, acquisition{op: "login", refused: want.refused, force: want.force})
		})
		var old superseded
		if errors.As(err, &old) && old.logouts < asked {
			continue // the logout was before the question, only the flight was older
		}
		if err != nil {
			return nil, fail(want.op, err)
		}
		if want.refused == "" || part.token.Reveal() != want.refused {
			return part, nil
		}
	}
	return nil, &Error{Op: "login", err: errSameToken}
}

// sessionInHand is what serves without a look at the store, nil if nothing does.
func (c *Client) sessionInHand(want acquisition) *sessionPart {
	snap := c.current.Load()
	if want.force || snap == nil || snap.session == nil || snap.session.idle() ||
		snap.session.token.Reveal() == want.refused {
		return nil
	}
	return snap.session
}

// leaseLength is what a login claims: its holder's own deadline is half of it.
func (c *Client) leaseLength() time.Duration { return 2 * c.cfg.CallTimeout }

// acquireLimit lets a flight see a dead process's lease lapse and then log in itself.
func (c *Client) acquireLimit() time.Duration { return 3*c.leaseLength() + storeTimeout }

// acquire finds a session in the record, or logs in when the ledger allows.
func (c *Client) acquire(ctx context.Context, want acquisition) (*sessionPart, error) {
	a := &acquiring{c: c, want: want, logouts: c.logoutCount()}
	waiting, stop := c.untilClosed(ctx)
	defer stop()
	a.waiting = waiting
	for {
		part, again, err := a.step(ctx)
		if err != nil || !again {
			return part, err
		}
	}
}

func (c *Client) logoutCount() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.logouts
}

// acquiring is the state of one acquisition between two looks at the record.
type acquiring struct {
	c        *Client
	want     acquisition
	logouts  uint64
	waiting  context.Context // of the whole acquisition, since a watch lasts; ended by Close too
	waiter   *waiter
	waited   *WaitEvent
	waitFrom time.Time
	bearer   *bearerPart
	mended   bool  // a login was refused for its bearer and sent again with another
	unmended error // why no other bearer was to be had
	unsaved  error // why a dead process's rotation could not be finished
	rereads  int
}

// step looks at the record once and does what it asks for.
func (a *acquiring) step(ctx context.Context) (part *sessionPart, again bool, err error) {
	c := a.c
	id, err := c.identify(ctx)
	if err != nil {
		return nil, false, err
	}
	raw, r, err := c.load(ctx, id.account)
	if err != nil {
		return nil, false, err
	}
	if paid, err := c.payDebt(ctx, id.account); paid || err != nil {
		return nil, err == nil, err
	}
	if part := a.adopt(id, r); part != nil {
		a.endWait("")
		if !c.publishSession(part, a.logouts, "adopted") {
			return nil, false, a.superseded()
		}
		return part, false, nil
	}
	if err := id.credentials.sendable(); err != nil {
		return nil, false, &Error{Op: a.want.op, err: err}
	}
	claim := a.claim(id, r)
	next, v := r.BeginLogin(claim)
	switch v.Decision {
	case ledger.Proceed, ledger.ProbeFirst:
		// The bearer first, so that no strike is reserved while the OAuth endpoint is slow. Then
		// the record is asked again.
		if a.bearer == nil || a.bearer.lapsed() {
			if a.bearer, err = c.bearer(ctx, id.account, ""); err != nil {
				return nil, false, err
			}
			if r.OneAttempt {
				a.renewBearer(ctx, id.account)
			}
			return nil, true, nil
		}
		if c.logoutCount() != a.logouts {
			return nil, false, a.superseded()
		}
		if err := a.mayBegin(ctx, c.cfg.CallTimeout); err != nil {
			return nil, false, err
		}
	case ledger.WaitLogin, ledger.WaitRotate:
		return nil, true, a.wait(id, v)
	}
	if v.Changed {
		swapped, err := c.swap(ctx, id.account, raw, next, claim.ID)
		if err != nil {
			return nil, false, err
		}
		if !swapped {
			return nil, true, pause(ctx, jitter(contentionPause))
		}
	}
	a.endWait(v.Lapsed)
	switch v.Decision {
	case ledger.Proceed:
		return a.login(ctx, id, v.Attempt, len(next.Strikes))
	case ledger.ProbeFirst:
		return nil, true, a.probe(ctx, id.account, claim.ID)
	case ledger.FinishFirst:
		a.unsaved = c.finishRotation(ctx, id, *next.Rotation)
		return nil, true, nil
	}
	if a.changed(ctx, id, v.Decision) {
		return nil, true, nil
	}
	return nil, false, a.denied(v, len(next.Strikes))
}

// renewBearer asks for another bearer before a login that a person has allowed: one refused for a stale
// bearer would use the permission up, and nothing would have come of it.
func (a *acquiring) renewBearer(ctx context.Context, account *account) {
	if b, err := a.c.bearer(ctx, account, a.bearer.value.Reveal()); err == nil {
		a.bearer = b
	}
}

// mayBegin refuses what would be cut off in the middle, or is for nobody.
func (a *acquiring) mayBegin(ctx context.Context, takes time.Duration) error {
	if a.c.isClosed() {
		return &Error{Op: a.want.op, err: ErrClosed}
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < takes {
		return &Error{Op: a.want.op, RetryAfter: lastPoll, err: fmt.Errorf("%w: others were waited for too long", ErrBackoff)}
	}
	return nil
}

// changed reports whether a password that is known to be wrong was replaced since it was read, which
// was before the record was. It does so a few times at most.
func (a *acquiring) changed(ctx context.Context, id identity, d ledger.Decision) bool {
	switch d {
	case ledger.LatchedRefused, ledger.LatchedRetired, ledger.PasswordLost:
	default:
		return false
	}
	a.rereads++
	now, err := a.c.identify(ctx)
	return err == nil && a.rereads <= 3 && now.fingerprint != id.fingerprint
}

func (a *acquiring) claim(id identity, r ledger.Record) ledger.Claim {
	c := a.c
	claim := ledger.Claim{
		ID: seal.NewID(), Fingerprint: id.fingerprint, Now: time.Now().UTC(), Length: c.leaseLength(),
		Lapsed: c.watch.lapsedIn(r, id.account.application), NoProbe: c.cfg.NoProbe,
		CanSave: a.unsaved == nil && c.canFinish(id, r), App: id.account.application,
	}
	if s := id.account.session(r); s != nil && a.stale(s) {
		claim.Replaces = s.generation
	}
	return claim
}

func (a *acquiring) stale(s *sessionPart) bool {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	token := s.token.Reveal()
	return token == a.want.refused || token == a.c.stale.session
}

// adopt returns the record's session if it serves.
func (a *acquiring) adopt(id identity, r ledger.Record) *sessionPart {
	if a.want.force {
		return nil
	}
	part := id.account.session(r)
	if part == nil || a.stale(part) {
		return nil
	}
	// This process may have used it since the record was told.
	if snap := a.c.current.Load(); snap != nil && snap.session != nil &&
		snap.session.account.key == id.account.key && snap.session.generation == part.generation && snap.session.used.After(part.used) {
		part.used, part.proven = snap.session.used, part.proven || snap.session.proven
	}
	if part.idle() {
		return nil
	}
	return part
}

// wait lets another process finish. A rotation is waited for as long as a call may take, a login
// until its lease has lapsed.
func (a *acquiring) wait(id identity, v ledger.Verdict) error {
	c := a.c
	now := time.Now().UTC()
	what := "login"
	if v.Decision == ledger.WaitRotate {
		what = "rotation"
	}
	if a.waited == nil || a.waited.For != what {
		a.endWait("")
		a.waited, a.waitFrom = &WaitEvent{For: what}, now
	}
	if what == "rotation" && now.Sub(a.waitFrom) > c.cfg.CallTimeout && v.Lease.ID != "" {
		return &Error{Op: a.want.op, RetryAfter: lastPoll, err: ErrRotating}
	}
	if a.waiter == nil {
		a.waiter = &waiter{store: c.cfg.Store, key: id.account.key}
	}
	if err := a.waiter.next(a.waiting, c.watch.remaining(v.Lease)); err != nil {
		if errors.Is(err, ErrClosed) {
			return &Error{Op: a.want.op, err: ErrClosed}
		}
		if what == "rotation" {
			return &Error{Op: a.want.op, RetryAfter: lastPoll, err: ErrRotating}
		}
		return &Error{Op: a.want.op, RetryAfter: lastPoll, err: fmt.Errorf("%w: another process has been logging in for too long", ErrBackoff)}
	}
	return nil
}

func (a *acquiring) endWait(lapsed string) {
	if a.waited == nil {
		return
	}
	a.waited.Duration, a.waited.Lapsed = time.Since(a.waitFrom), lapsed != ""
	a.c.traceWait(*a.waited)
	a.waited, a.waiter = nil, nil
}

// denied is the ledger's no.
func (a *acquiring) denied(v ledger.Verdict, strikes int) error {
	e := &Error{Op: a.want.op, RetryAfter: v.Wait}
	phase := LoginLatched
	switch v.Decision {
	case ledger.Backoff:
		e.err, phase = ErrBackoff, LoginBackoff
	case ledger.LatchedRefused:
		e.err = fmt.Errorf("%w: the platform refused this password", ErrLatched)
	case ledger.LatchedRetired:
		e.err = fmt.Errorf("%w: this password was rotated away", ErrLatched)
		if a.unsaved != nil {
			e.err = fmt.Errorf("%w, and the new one could not be saved: %w", e.err, a.unsaved)
		}
	case ledger.LatchedProbe:
		e.err = fmt.Errorf("%w: a login of unknown outcome, and the probe is switched off", ErrLatched)
	case ledger.PasswordLost:
		e.err = fmt.Errorf("%w: %w", ErrPasswordLost, ErrLatched)
	default:
		e.err = fmt.Errorf("%w: %d of the platform's five failed logins may be used up", ErrLatched, strikes)
	}
	a.c.traceLogin(LoginEvent{Phase: phase, Strikes: strikes, RetryAfter: v.Wait, Err: e})
	return e
}
