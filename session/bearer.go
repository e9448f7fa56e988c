package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/seal"
)

const (
	// Without expires_in, or with one that makes no sense, a bearer is asked for again this soon: it
	// must never count as one that lives for ever.
	unknownLife = time.Minute
	// However short a bearer's remaining life, the OAuth2 endpoint is not asked more often.
	shortestLife = time.Second
	// The bearer lives for an hour (documented), so a longer life is a mistake.
	longestLife = 24 * time.Hour
	// After the platform gave the refused bearer out again, it is not asked at once for the next request.
	samePause = 5 * time.Second
	// After the second failure in a row the OAuth2 endpoint is left alone for a while, ever longer; not for
	// long, since that is also how late an outage's end is noticed.
	firstOAuthPause   = time.Second
	longestOAuthPause = 5 * time.Second
)

// bearer returns a bearer other than refused, one flight for all who want one at the same time. When
// the platform returns the refused one again, that one is returned: its holder must not go on asking.
func (c *Client) bearer(ctx context.Context, a *account, refused string) (*bearerPart, error) {
	for range 3 {
		if b := c.bearerInHand(refused); b != nil {
			return b, nil
		}
		b, err := c.bearers.Do(ctx, false, 3*c.cfg.CallTimeout, func(ctx context.Context) (*bearerPart, error) {
			ctx, stop := c.untilClosed(ctx)
			defer stop()
			return c.obtainBearer(ctx, a, refused)
		})
		if err != nil {
			if c.isClosed() {
				err = ErrClosed
			}
			return nil, fail("oauth", err)
		}
		// A flight that was under way already may not have known of the refusal.
		if refused == "" || b.value.Reveal() != refused || !b.again.IsZero() {
			return b, nil
		}
	}
	return nil, &Error{Op: "oauth", err: ErrBearerRejected}
}

func (c *Client) bearerInHand(refused string) *bearerPart {
	snap := c.current.Load()
	if snap == nil || snap.bearer == nil {
		return nil
	}
	b, now := snap.bearer, time.Now()
	if b.value.Reveal() == refused {
		if now.Before(b.again) {
			return b
		}
		return nil
	}
	if b.lapsed() {
		return nil
	}
	return b
}

// obtainBearer adopts the record's bearer or fetches one. The store is a convenience here: without it
// every process fetches for itself.
func (c *Client) obtainBearer(ctx context.Context, a *account, refused string) (*bearerPart, error) {
	if refused == "" {
		c.mu.Lock()
		refused = c.stale.bearer
		c.mu.Unlock()
	}
	id := seal.NewID()
	w := &waiter{store: c.cfg.Store, key: a.key}
	// Another process's fetch is waited for as long as one of ours may take: there must be time for it.
	patience, stop := context.WithTimeout(ctx, c.cfg.CallTimeout)
	defer stop()
	for {
		raw, r, err := c.load(patience, a)
		if err != nil {
			return c.fetchBearer(ctx, a, refused, "")
		}
		if b := a.bearer(r); b != nil && b.value.Reveal() != refused && !b.lapsed() {
			c.oauthServes()
			c.publishBearer(b)
			c.traceBearer(BearerEvent{Reason: "adopted", Remaining: time.Until(b.expires)})
			return b, nil
		}
		next, v := r.BeginFetch(a.application, ledger.Claim{
			ID: id, Now: time.Now().UTC(), Length: c.cfg.CallTimeout + storeTimeout, Lapsed: c.watch.lapsedIn(r, a.application),
		})
		if v.Decision == ledger.WaitLogin {
			if err := w.next(patience, c.watch.remaining(v.Lease)); err != nil {
				return c.fetchBearer(ctx, a, refused, "")
			}
			continue
		}
		swapped, err := c.swap(patience, a, raw, next, "")
		if err != nil {
			return c.fetchBearer(ctx, a, refused, "")
		}
		if swapped {
			return c.fetchBearer(ctx, a, refused, id)
		}
		if pause(patience, jitter(contentionPause)) != nil {
			return c.fetchBearer(ctx, a, refused, "")
		}
	}
}

// fetchBearer asks the OAuth2 endpoint. lease is what this process holds in the record, "" for none.
func (c *Client) fetchBearer(ctx context.Context, a *account, refused, lease string) (*bearerPart, error) {
	began := time.Now()
	b, err := c.askForBearer(ctx)
	now := time.Now().UTC()
	var record *ledger.Bearer
	event := BearerEvent{Reason: "fetched", Duration: now.Sub(began), Err: err}
	switch {
	case err != nil:
		event.Reason = "failed"
	case b.value.Reveal() == refused:
		event.Reason = "same"
		b.again = now.Add(samePause)
	default:
		record = &ledger.Bearer{Sealed: a.box.Seal(sealedBearer, b.value.Reveal()), Expires: b.expires.Round(0).UTC()}
	}
	if lease != "" {
		// Whether or not that can be recorded, this process has what it asked for.
		_ = c.update(context.WithoutCancel(ctx), a, func(r ledger.Record) (ledger.Record, bool) {
			return r.EndFetch(a.application, lease, record, now), true
		})
	}
	if err == nil {
		event.Remaining = b.expires.Sub(now)
		c.publishBearer(b)
	}
	c.traceBearer(event)
	return b, err
}

// askForBearer asks the OAuth2 endpoint, unless that has asked not to be asked for a while, or fails.
func (c *Client) askForBearer(ctx context.Context) (*bearerPart, error) {
	c.mu.Lock()
	throttle, wait := c.throttle, time.Until(c.until)
	c.mu.Unlock()
	if throttle != nil && wait > 0 {
		again := *throttle
		again.RetryAfter = wait
		return nil, &again
	}
	b, err := c.wire.bearer(ctx, c.cfg.CallTimeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.throttle, c.unserved = nil, 0
		return b, nil
	}
	var e *Error
	if errors.As(err, &e) {
		c.unserved++
		if wait := max(e.RetryAfter, oauthPause(c.unserved)); wait > 0 {
			c.throttle, c.until = e, time.Now().Add(wait)
		}
	}
	return b, err
}

// oauthServes is for when another process was served: there is no reason to wait any more, unless it was
// asked for.
func (c *Client) oauthServes() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unserved = 0
	if c.throttle != nil && c.throttle.RetryAfter == 0 {
		c.throttle = nil
	}
}

// oauthPause is how long the OAuth2 endpoint is left alone after so many failures in a row: a wrong
// application secret must not ask for a bearer with every request.
func oauthPause(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return min(firstOAuthPause<<min(failures-2, 10), longestOAuthPause)
}

// bearer fetches a bearer with the client credentials grant.
func (w *wire) bearer(ctx context.Context, limit time.Duration) (*bearerPart, error) {
	secret := w.app.Secret.Reveal()
	began := time.Now()
	a, body := w.exchange(ctx, began.Add(limit), []string{secret, basic(w.app.Key, secret)}, func(ctx context.Context) (*http.Response, error) {
		form := url.Values{"grant_type": {"client_credentials"}}.Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/ts/v1/oauth2/token", strings.NewReader(form))
		if err != nil {
			return nil, errors.New("the OAuth2 URL cannot be built")
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(w.app.Key, secret)
		return w.Do(req)
	})
	var token oauthToken
	a = read(a, body, func(t oauthToken) string { token = t; return t.AccessToken }, headerSafe)
	if a.err != nil || a.value == "" {
		return nil, a.error("oauth")
	}
	if token.TokenType != "" && !strings.EqualFold(token.TokenType, "bearer") {
		return nil, &Error{Op: "oauth", StatusCode: a.status, err: fmt.Errorf("%w: not a bearer token", errUnreadable)}
	}
	// The life is counted from before the question, so that the way there and back is not lived;
	// but what was just fetched serves whoever waited for it.
	expires, soonest := began.Add(token.life()), time.Now().Add(shortestLife)
	if expires.Before(soonest) {
		expires = soonest
	}
	return &bearerPart{value: NewSecret(a.value), expires: expires}, nil
}

// basic is how the header holds the secret.
func basic(key, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(key + ":" + secret))
}

// oauthToken is RFC 6749's answer, as far as it is needed.
type oauthToken struct {
	AccessToken string          `json:"access_token"`
	TokenType   string          `json:"token_type"`
	ExpiresIn   json.RawMessage `json:"expires_in"`
}

// life is for how long to use a bearer without asking again. expires_in is what remains of the hour
// that everybody shares; asking again before it is over returns the same token. A tenth, at most
// five seconds, is left for the way.
func (t oauthToken) life() time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(t.ExpiresIn), `" `), 64)
	if err != nil || seconds != seconds {
		return unknownLife
	}
	life := time.Duration(min(max(seconds, 0), longestLife.Seconds()) * float64(time.Second))
	return life - min(life/10, 5*time.Second)
}
