package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"iot.internal/thingspace/internal/flight"
	"iot.internal/thingspace/internal/origin"
)

// Client holds one session for any number of goroutines; all methods are safe for concurrent use.
// Make one per account with [New] and keep it.
type Client struct {
	cfg    Config
	origin origin.Origin
	base   http.RoundTripper // for the caller's requests
	owned  bool              // base is nobody else's
	wire   *wire             // for the platform's own endpoints
	born   time.Time         // the zero of the client's own clock

	current   atomic.Pointer[snapshot] // what requests are signed with
	mu        sync.Mutex               // guards publishing, and the fields below
	stale     staleTokens
	owed      []*debt // answers the store does not know yet
	reminding bool    // a task tries to pay them
	logouts   uint64
	looked    time.Time // when the store was last told of a use, or asked whether it knows
	touching  bool
	doubted   time.Time // when a session was last renewed for a refusal that did not name it
	throttle  *Error    // of the OAuth2 endpoint, until
	until     time.Time
	unserved  int // failures of the OAuth2 endpoint in a row
	closed    bool
	tasks     sync.WaitGroup
	paying    chan struct{}   // holds one element while a debt is being paid
	life      context.Context // of what goes on in the background
	end       context.CancelFunc
	open      context.Context // ends when Close begins
	shut      context.CancelCauseFunc

	sessions  flight.Group[*sessionPart]
	bearers   flight.Group[*bearerPart]
	rotations flight.Group[Secret]
	watch     sightings
}

// staleTokens are the tokens the platform refused and nobody has replaced yet.
type staleTokens struct {
	session string
	bearer  string
}

// New validates cfg. It sends nothing and loads nothing: a process may start while the platform or
// the store is down.
func New(cfg Config) (*Client, error) {
	o, err := cfg.validate()
	if err != nil {
		return nil, fmt.Errorf("thingspace: %w", err)
	}
	owned := cfg.Transport == nil
	if owned {
		cfg.Transport = defaultTransport()
	}
	c := &Client{cfg: cfg, origin: o, base: cfg.Transport, owned: owned, born: time.Now(), paying: make(chan struct{}, 1)}
	c.life, c.end = context.WithCancel(context.Background())
	c.open, c.shut = context.WithCancelCause(context.Background())
	c.wire, err = newWire(cfg, o)
	if err != nil {
		return nil, fmt.Errorf("thingspace: %w", err)
	}
	return c, nil
}

// Format prints which platform the client is for, and nothing it holds.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "thingspace session client for "+c.origin.Base())
}

// Token returns the session in hand, or one from the store, or logs in. It costs one atomic load and
// one clock reading as long as the session and the bearer are fresh.
func (c *Client) Token(ctx context.Context) (Token, error) {
	s, err := c.ready(ctx, "login")
	if err != nil {
		return Token{}, err
	}
	return s.session.token, nil
}

// Headers returns the two headers that every ThingSpace request wants, for those who cannot send it
// through this client. The caller then has to tell of a refused session with Renew. Of a refused bearer it
// cannot tell: that one lasts until it lapses, or until a request through this client is refused for it.
func (c *Client) Headers(ctx context.Context) (http.Header, error) {
	s, err := c.ready(ctx, "login")
	if err != nil {
		return nil, err
	}
	return http.Header{headerAuthorization: {s.authorization[0]}, headerToken: {s.sessionToken[0]}}, nil
}

// Renew returns a session other than refused, which the platform refused: the one that somebody else
// has obtained meanwhile, or a login. Any number of concurrent refusals make one login.
func (c *Client) Renew(ctx context.Context, refused Token) (Token, error) {
	c.discard(refused.Reveal(), "refused")
	part, err := c.session(ctx, acquisition{op: "login", refused: refused.Reveal()})
	if err != nil {
		return Token{}, err
	}
	return part.token, nil
}

// Login obtains a new session, always; concurrent calls share one. The older session is left to its
// fate: whether the platform ends it is not documented.
func (c *Client) Login(ctx context.Context) (Token, error) {
	part, err := c.session(ctx, acquisition{op: "login", force: true})
	if err != nil {
		return Token{}, err
	}
	return part.token, nil
}

// HTTPClient returns a client that adds both tokens to every request, for any other ThingSpace
// client, generated ones included. It hands redirects back instead of following them: net/http would
// take the session token along to another host. It has no cookie jar and no time limit of its own.
func (c *Client) HTTPClient() *http.Client {
	return &http.Client{
		Transport:     c,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close waits for a login or reset that is under way, up to its time limit, and tells the store what
// it does not know yet: an answer that it could not take, when the session was last used. A store
// that does not answer is waited for 20 seconds at most. It never logs out: others may share the
// session. Closing twice is fine. Everything but Close returns [ErrClosed] afterwards.
func (c *Client) Close() error {
	c.mu.Lock()
	already := c.closed
	c.closed = true
	s := c.current.Load()
	c.current.Store(nil)
	c.mu.Unlock()

	c.shut(ErrClosed)
	c.rotations.Close()
	c.sessions.Close()
	c.bearers.Close()
	c.end()
	var unsaid *sessionPart
	if !already && s != nil && s.session != nil && s.session.used.Sub(c.lookedAt()) >= time.Minute {
		unsaid = s.session
	}
	c.tellLast(unsaid)
	c.wire.close()
	if t, ok := c.base.(*http.Transport); ok && c.owned {
		t.CloseIdleConnections()
	}
	return nil
}

// tellLast lets the background come to its end and tells the store the rest. A store that heeds no
// context is left behind with its goroutine.
func (c *Client) tellLast(unsaid *sessionPart) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		c.tasks.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		c.payAll(ctx)
		if unsaid != nil {
			c.touch(ctx, unsaid)
		}
	}()
	t := time.NewTimer(2 * storeTimeout)
	defer t.Stop()
	select {
	case <-told:
	case <-t.C:
	}
}

// untilClosed is ctx, ended by Close too: for what is not worth waiting for then.
func (c *Client) untilClosed(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.open, func() { cancel(ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func (c *Client) lookedAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.looked
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// fail makes an error of this package out of anything.
func fail(op string, err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.Is(err, flight.ErrClosed):
		return &Error{Op: op, err: ErrClosed}
	}
	return &Error{Op: op, err: err}
}
