package session

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"iot.internal/thingspace/internal/origin"
)

// RoundTrip sends a request with both tokens, to the origin of the base URL only. A request refused
// because its session or bearer is stale is sent again, once for each of the two, if its body can be
// had again (GetBody); otherwise the caller gets the platform's answer and the next request uses a
// fresh token. It implements [http.RoundTripper]: the request is not changed, its body is closed,
// and redirects are not followed.
//
// Besides the transport's errors: [ErrForeignHost], [ErrSessionEndpoint], [ErrClosed] and everything
// that a login can fail with.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := c.guard(req); err != nil {
		closeBody(req)
		return nil, err
	}
	s, at := c.current.Load(), c.elapsed()
	if !s.calm(at) && !s.fresh(time.Now()) {
		var err error
		if s, err = c.prepare(req.Context()); err != nil {
			closeBody(req)
			return nil, err
		}
	}
	resp, err := c.send(req, sign(req, s))
	if err != nil {
		return nil, err
	}
	good := resp.StatusCode < http.StatusBadRequest
	if good && s.calm(at) {
		return resp, nil
	}
	began := time.Now().UTC().Add(at - c.elapsed())
	if good {
		c.used(s, began)
		return resp, nil
	}
	return c.refused(req, resp, s, began)
}

// send sends the signed copy of a request. Nothing that comes back holds the tokens, unless a hostile
// server puts them into a body.
func (c *Client) send(req *http.Request, out *signed) (*http.Response, error) {
	resp, err := whole(c.base.RoundTrip(&out.request))
	if err != nil {
		return nil, out.answer.with.scrub(err)
	}
	resp.Request = req
	// What a switched protocol has for a body can be written to.
	if resp.Body != http.NoBody && resp.StatusCode != http.StatusSwitchingProtocols {
		out.answer.ReadCloser = resp.Body
		resp.Body = &out.answer
	}
	return resp, nil
}

// signed is a request with both tokens, and the body of its answer: made together, since every request
// wants both.
type signed struct {
	request http.Request
	answer  scrubbedBody
}

// scrubbedBody takes the tokens out of errors too that come while an answer's body is read: net/http
// quotes a trailer that is malformed.
type scrubbedBody struct {
	io.ReadCloser

	with *snapshot
}

func (b *scrubbedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a reader returns io.EOF itself
		err = b.with.scrub(err)
	}
	return n, err
}

// scrub takes the tokens out of an error's text.
func (s *snapshot) scrub(err error) error {
	return scrub(err, []string{s.sessionToken[0], s.bearer.value.Reveal()})
}

// prepare is ready, and once more when a logout elsewhere overtook the login.
func (c *Client) prepare(ctx context.Context) (*snapshot, error) {
	s, err := c.ready(ctx, "request")
	if isSuperseded(err) {
		s, err = c.ready(ctx, "request")
	}
	return s, err
}

// guard refuses what credentials must not be sent with.
func (c *Client) guard(req *http.Request) error {
	switch {
	case !c.origin.Owns(req):
		return &Error{Op: "request", err: fmt.Errorf("%w: the request goes to %s, and the base URL is %s", ErrForeignHost, goal(req), c.origin.Base())}
	case origin.SessionEndpoint(req.URL):
		return &Error{Op: "request", err: ErrSessionEndpoint}
	}
	return nil
}

// goal is where a request goes, as far as an error may say it.
func goal(req *http.Request) string {
	u := req.URL
	if u == nil || u.Opaque != "" {
		return "no host"
	}
	text := named(u.Scheme + "://" + u.Host)
	if req.Host != "" && req.Host != u.Host {
		text += " with the Host header " + named(req.Host)
	}
	return text
}

// named is a host for an error: bounded, and without what stands for a user in it.
func named(host string) string {
	const longest = len("https://") + 253 + len(":65535") // a DNS name's
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = "…" + host[i:]
	}
	return strconv.Quote(host[:min(len(host), longest)])
}

// sign returns a copy of the request with both headers. The copy shares everything else with the
// original, which nobody changes.
func sign(req *http.Request, s *snapshot) *signed {
	h := maps.Clone(req.Header)
	if h == nil {
		h = make(http.Header, 2)
	}
	for name := range h {
		// A caller may have written them in a form of his own, and both would be sent.
		if len(name) == len(headerToken) && strings.EqualFold(name, headerToken) ||
			len(name) == len(headerAuthorization) && strings.EqualFold(name, headerAuthorization) {
			delete(h, name)
		}
	}
	h[headerAuthorization] = s.authorization
	h[headerToken] = s.sessionToken
	out := &signed{answer: scrubbedBody{with: s}}
	out.request = *req
	out.request.Header = h
	return out
}

// refused looks at an answer of 400 or above: renews what the platform says is stale, and sends the
// request again. It ends after one replay for each cause with a token that is new, and one with a session
// that somebody else had obtained before.
func (c *Client) refused(req *http.Request, resp *http.Response, s *snapshot, now time.Time) (*http.Response, error) {
	var bearerDone, sessionDone, adopted bool
	began := now
	for {
		cause := c.judge(resp)
		if cause == stillGood {
			if resp.StatusCode < http.StatusBadRequest {
				c.used(s, now)
			}
			return resp, nil
		}
		if !replayable(req) {
			// The next request renews before it is sent.
			c.disown(s, cause)
			c.traceReplay(ReplayEvent{Cause: cause.String(), StatusCode: resp.StatusCode})
			return resp, nil
		}
		var next *snapshot
		var err error
		var guess bool
		ctx := req.Context()
		if cause == staleBearer && !bearerDone {
			bearerDone = true
			next, err = c.withAnotherBearer(ctx, s)
		}
		if next == nil && err == nil && !sessionDone && (cause == staleSession || c.distrust()) {
			// Also a 401 that stays with another bearer, or comes back with the same: once, until
			// something succeeds.
			sessionDone = true
			guess, cause = cause != staleSession, staleSession
			if !guess {
				c.discard(s.session.token.Reveal(), "refused")
			}
			next, err = c.withAnotherSession(ctx, s)
			if next != nil && !guess && !adopted && next.session.obtained.Before(began) {
				// It was in the store before the request began, and may have died with the other: once more.
				adopted, sessionDone = true, false
			}
		}
		if err != nil && guess {
			return resp, nil // the refusal did not name the session: it stands, and so does the session
		}
		if err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
		if next == nil {
			return resp, nil
		}
		again := sign(req, next)
		if req.Body != nil && req.Body != http.NoBody {
			if again.request.Body, err = req.GetBody(); err != nil {
				return resp, nil //nolint:nilerr // what was to be sent again cannot be had: the platform's answer stands
			}
		}
		c.traceReplay(ReplayEvent{Cause: cause.String(), StatusCode: resp.StatusCode, Replayed: true})
		_ = resp.Body.Close() // not drained: a body that stalls would hold the caller
		s, now = next, time.Now().UTC()
		if resp, err = c.send(req, again); err != nil {
			return nil, err
		}
	}
}

// withAnotherBearer returns a snapshot with a bearer other than s's, nil if the platform gave the same.
func (c *Client) withAnotherBearer(ctx context.Context, s *snapshot) (*snapshot, error) {
	old := s.bearer.value.Reveal()
	b, err := c.bearer(ctx, s.session.account, old)
	if err != nil {
		return nil, err
	}
	if b.value.Reveal() == old {
		return nil, nil
	}
	return c.signer(b, c.latest(s.session)), nil
}

// withAnotherSession returns a snapshot with a session other than s's.
func (c *Client) withAnotherSession(ctx context.Context, s *snapshot) (*snapshot, error) {
	old := s.session.token.Reveal()
	want := acquisition{op: "request", refused: old}
	part, err := c.session(ctx, want)
	if isSuperseded(err) {
		part, err = c.session(ctx, want)
	}
	if err != nil {
		return nil, err
	}
	b, err := c.bearer(ctx, part.account, "")
	if err != nil {
		return nil, err
	}
	return c.signer(b, part), nil
}

// latest is the session in hand if it is newer than old.
func (c *Client) latest(old *sessionPart) *sessionPart {
	if snap := c.current.Load(); snap != nil && snap.session != nil && snap.session.account.key == old.account.key &&
		snap.session.generation > old.generation {
		return snap.session
	}
	return old
}

// disown makes the next request renew what was refused.
func (c *Client) disown(s *snapshot, cause staleness) {
	if cause == staleBearer {
		c.discardBearer(s.bearer.value.Reveal())
		return
	}
	c.discard(s.session.token.Reveal(), "refused")
}

// distrust reports whether a session may be renewed for a refusal that does not name it, and notes
// that it is: once until a request succeeds, seldom where others succeed all the time, and not when it
// has just been obtained: one process after another would log in for the same refusal.
func (c *Client) distrust() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	snap, now := c.current.Load(), time.Now()
	if snap == nil || snap.distrusted || recent(c.doubted, now) || snap.session != nil && recent(snap.session.obtained, now) {
		return false
	}
	c.doubted = now
	next := *snap
	next.distrusted, next.calmUntil = true, 0 // the next success is to be noticed
	c.current.Store(&next)
	return true
}

func recent(t, now time.Time) bool {
	age := now.Sub(t)
	return age >= 0 && age < distrustPause
}

// distrustPause is between two renewals of the session for refusals that do not name it.
const distrustPause = 5 * time.Minute

func replayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
