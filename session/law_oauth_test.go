package session_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestTheOAuthEndpointsRetryAfterIsHeeded(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Inject(sessiontest.Fault{
			On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status,
			Status: http.StatusTooManyRequests, RetryAfter: "30", Times: 1,
		})
		for range 20 {
			_, err := c.Token(t.Context())
			var e *session.Error
			if !errors.As(err, &e) || e.RetryAfter <= 0 {
				t.Fatalf("error %v, want one with RetryAfter", err)
			}
			time.Sleep(time.Second)
		}
		if n := p.Counters().OAuth; n != 1 {
			t.Errorf("%d OAuth2 calls within Retry-After, want 1", n)
		}
		time.Sleep(11 * time.Second)
		mustToken(t, c)
	})
}

func TestABearersDeadFetcherHoldsNobodyUp(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.CallTimeout = 2 * time.Minute // so its claim outlasts the others' patience
		mortal := &mortalStore{Store: cfg.Store}
		cfg.Store = mortal
		cfg.Transport = through{p.Transport(), func(*http.Request, http.RoundTripper) (*http.Response, error) {
			mortal.kill()
			return nil, errDead
		}}
		if _, err := mustClient(t, cfg).Token(t.Context()); err == nil {
			t.Fatal("no error")
		}
		began := time.Now()
		if _, err := p.Client(t).Token(t.Context()); err != nil {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
