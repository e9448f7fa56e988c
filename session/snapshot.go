package session

import (
	"context"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

// The canonical forms, so that signing indexes the map instead of canonicalising.
const (
	headerAuthorization = "Authorization"
	headerToken         = "Vz-M2m-Token"
)

// snapshot is what requests are signed with. It is immutable, so that reading it needs no lock.
type snapshot struct {
	authorization []string // length and capacity one: an append elsewhere copies
	sessionToken  []string
	bearer        *bearerPart
	session       *sessionPart
	freshUntil    int64         // Unix nanoseconds: before that, neither token is known to be dead
	calmUntil     time.Duration // on the client's own clock: before that, it is fresh and a use need not be noted again
	distrusted    bool          // the session was renewed for a 401 that might not be about it
}

// bearerPart is a bearer.
type bearerPart struct {
	value   Secret
	expires time.Time
	again   time.Time // do not ask the platform for another one before
}

// lapsed goes by both clocks: the monotonic one stands still while a machine is suspended.
func (b *bearerPart) lapsed() bool { return late(b.expires) }

// sessionPart is a session.
type sessionPart struct {
	account    *account
	token      Token
	generation uint64
	obtained   time.Time
	used       time.Time // last use that this process knows of
	stored     time.Time // last use that the record is known to know of
	proven     bool
}

func (p *sessionPart) idle() bool { return late(p.used.Add(ledger.IdleLimit)) }

func makeSnapshot(b *bearerPart, s *sessionPart) *snapshot {
	snap := &snapshot{bearer: b, session: s}
	if b == nil || s == nil {
		return snap // signs nothing: freshUntil is long past
	}
	snap.authorization = []string{"Bearer " + b.value.Reveal()}
	snap.sessionToken = []string{s.token.Reveal()}
	snap.freshUntil = min(b.expires.UnixNano(), s.used.Add(ledger.IdleLimit).UnixNano())
	return snap
}

// calm is how long after a use nothing is to be done but to sign. A machine that was suspended, or a
// wall clock that was set, is noticed after it.
const calm = time.Second

// elapsed is the client's own clock. It reads one of the system's two clocks, time.Now both.
func (c *Client) elapsed() time.Duration { return time.Since(c.born) }

// calm reports whether there is nothing to do at this time but to sign.
func (s *snapshot) calm(at time.Duration) bool { return s != nil && at < s.calmUntil }

func (s *snapshot) fresh(now time.Time) bool { return s != nil && now.UnixNano() < s.freshUntil }

// ready returns a snapshot with both tokens, fresh as far as anybody knows.
func (c *Client) ready(ctx context.Context, op string) (*snapshot, error) {
	s := c.current.Load()
	if s.fresh(time.Now()) {
		return s, nil
	}
	// Twice is enough unless tokens lapse within milliseconds of being had.
	for range 4 {
		session, err := c.session(ctx, acquisition{op: op})
		if err != nil {
			return nil, err
		}
		bearer, err := c.bearer(ctx, session.account, "")
		if err != nil {
			return nil, err
		}
		if s = c.signer(bearer, session); s.fresh(time.Now()) {
			return s, nil
		}
	}
	// A bearer without a life to speak of still serves the request it was fetched for.
	return s, nil
}

// signer returns the published snapshot if it has both parts, else one made of them.
func (c *Client) signer(b *bearerPart, s *sessionPart) *snapshot {
	if snap := c.current.Load(); snap != nil && snap.bearer == b && snap.session != nil && snap.session.generation == s.generation {
		return snap
	}
	return makeSnapshot(b, s)
}

// publishSession makes s what requests are signed with, unless a newer one is or the client closed.
// logouts is the count from before s was asked for: a logout in between drops it.
func (c *Client) publishSession(s *sessionPart, logouts uint64, reason string) bool {
	c.mu.Lock()
	if c.closed || c.logouts != logouts {
		closed := c.closed
		c.mu.Unlock()
		return closed // after Close the caller that waited still gets it
	}
	var b *bearerPart
	if snap := c.current.Load(); snap != nil {
		b = snap.bearer
		if old := snap.session; old != nil && old.account.key == s.account.key && old.generation > s.generation && !old.idle() {
			// Not by an idle one: a record that was replaced counts from the beginning.
			c.mu.Unlock()
			return true
		}
	}
	distrusted := false
	if snap := c.current.Load(); snap != nil {
		distrusted = snap.distrusted
	}
	next := makeSnapshot(b, s)
	next.distrusted = distrusted
	c.current.Store(next)
	c.looked = s.stored
	c.mu.Unlock()
	c.traceSession(SessionEvent{Reason: reason, Generation: s.generation})
	return true
}

// publishBearer makes b what requests are signed with.
func (c *Client) publishBearer(b *bearerPart) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	var s *sessionPart
	distrusted := false
	if snap := c.current.Load(); snap != nil {
		s, distrusted = snap.session, snap.distrusted
	}
	next := makeSnapshot(b, s)
	next.distrusted = distrusted
	c.current.Store(next)
}

// discard forgets a session that the platform refused or ended, if it still is the one in hand.
func (c *Client) discard(token string, reason string) {
	c.mu.Lock()
	snap := c.current.Load()
	found := snap != nil && snap.session != nil && snap.session.token.Reveal() == token
	if found {
		next := makeSnapshot(snap.bearer, nil)
		next.distrusted = snap.distrusted
		c.current.Store(next)
		c.stale.session = token
	}
	c.mu.Unlock()
	if found {
		c.traceSession(SessionEvent{Reason: reason, Generation: snap.session.generation})
	}
}

// discardBearer does the same for a bearer.
func (c *Client) discardBearer(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	snap := c.current.Load()
	if snap != nil && snap.bearer != nil && snap.bearer.value.Reveal() == value && !time.Now().Before(snap.bearer.again) {
		next := makeSnapshot(nil, snap.session)
		next.distrusted = snap.distrusted
		c.current.Store(next)
		c.stale.bearer = value
	}
}

// used notes a successful use, at most once a second, and lets the store know about once a minute,
// off the request path.
func (c *Client) used(s *snapshot, now time.Time) {
	c.mu.Lock()
	snap := c.current.Load()
	if c.closed || snap == nil || snap.session == nil || snap.session.generation != s.session.generation || snap.session.token.Reveal() != s.session.token.Reveal() {
		c.mu.Unlock()
		return
	}
	part := *snap.session
	if now.After(part.used) {
		part.used = now
	}
	tell := !c.touching && (!part.proven || now.Sub(c.looked) >= time.Minute)
	part.proven = true
	next := makeSnapshot(snap.bearer, &part)
	next.calmUntil = c.elapsed() + min(calm, time.Duration(next.freshUntil-time.Now().UnixNano()))
	c.current.Store(next)
	if tell {
		c.touching = true
		c.looked = now
		c.tasks.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
			defer cancel()
			c.touch(ctx, &part)
			c.mu.Lock()
			c.touching = false
			c.mu.Unlock()
		})
	}
	c.mu.Unlock()
}

// touch tells the record of the last use. A store that is down is asked again a minute later.
func (c *Client) touch(ctx context.Context, p *sessionPart) {
	_ = c.update(ctx, p.account, func(r ledger.Record) (ledger.Record, bool) {
		return r.Touch(p.account.application, p.generation, p.used)
	})
}
