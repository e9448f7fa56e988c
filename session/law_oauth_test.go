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

// A bearer that the platform has revoked, while no other is to be had: that is an outage of the OAuth2
// endpoint, and no bearer was "still refused after a renewal".
func TestABearerThatCannotBeRenewedIsTheOAuthEndpointsFailure(t *testing.T) {
	for name, call := range map[string]func(t *testing.T, c *session.Client) error{
		"login":   func(t *testing.T, c *session.Client) error { _, err := c.Login(t.Context()); return err },
		"reset":   func(t *testing.T, c *session.Client) error { _, err := c.ResetPassword(t.Context()); return err },
		"logout":  func(t *testing.T, c *session.Client) error { return c.Logout(t.Context()) },
		"request": func(t *testing.T, c *session.Client) error { _, err := c.Token(t.Context()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				mustToken(t, p.Client(t))
				c := p.Client(t)
				p.ExpireBearers()
				if name == "request" {
					p.ExpireSessions()
					time.Sleep(21 * time.Minute)
				}
				p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: http.StatusServiceUnavailable})
				err := call(t, c)
				var e *session.Error
				if !errors.As(err, &e) || e.Op != "oauth" || e.StatusCode != http.StatusServiceUnavailable || errors.Is(err, session.ErrBearerRejected) {
					t.Fatalf("error %v, want the OAuth2 endpoint's 503", err)
				}
				p.ClearFaults()
				time.Sleep(time.Minute)
				if err := call(t, c); err != nil {
					t.Errorf("afterwards: %v", err)
				}
				if n := p.Counters(); n.MaxStrikes != 0 {
					t.Errorf("%d strikes", n.MaxStrikes)
				}
			})
		})
	}
}

func TestAProbeWithoutABearerSaysWhyThereIsNone(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Status, Status: http.StatusBadGateway, Times: 1})
		if _, err := c.Login(t.Context()); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(time.Minute)
		p.ExpireBearers()
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: http.StatusServiceUnavailable})
		_, err := c.Login(t.Context())
		var e *session.Error
		if !errors.As(err, &e) || e.Op != "oauth" || e.StatusCode != http.StatusServiceUnavailable || errors.Is(err, session.ErrBackoff) || e.RetryAfter <= 0 {
			t.Errorf("error %v, want the OAuth2 endpoint's 503, and when to try again", err)
		}
	})
}
