package session_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// left is a client whose only caller has left after a second.
func left(t *testing.T, c *session.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := c.Token(ctx)
	wantIs(t, err, context.DeadlineExceeded)
}

func TestCloseBeginsNoLogin(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Slow, Delay: 20 * time.Second, Times: 1})
		c := p.Client(t)
		left(t, c)
		began := time.Now()
		if err := c.Close(); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if n := p.Counters().Logins; n != 0 {
			t.Errorf("%d logins for nobody", n)
		}
	})
}

func TestCloseDoesNotWaitForAnotherProcess(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		mortal := &mortalStore{Store: cfg.Store}
		cfg.Store = mortal
		cfg.Transport = through{p.Transport(), func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			if req.URL.Path == "/api/m2m/v1/session/login" {
				mortal.kill()
				return nil, errDead
			}
			return next.RoundTrip(req)
		}}
		_, _ = mustClient(t, cfg).Token(t.Context()) // dies holding the lease
		c := p.Client(t)
		left(t, c)
		began := time.Now()
		if err := c.Close(); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		_, err := c.Token(t.Context())
		wantIs(t, err, session.ErrClosed)
	})
}

func TestWhoWaitsWhenTheClientIsClosedIsToldSo(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Slow, Delay: 20 * time.Second, Times: 1})
		c := p.Client(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrClosed)
		})
		time.Sleep(time.Second)
		_ = c.Close()
		wg.Wait()
	})
}

// Each of the nine waits for those before it; the last ones have too little time left for a login of their own.
func TestG1ALoginIsNotBegunThatWouldBeCutOff(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 28 * time.Second, Acted: true})
		var wg sync.WaitGroup
		for range 9 {
			c := p.Client(t)
			wg.Go(func() {
				if _, err := c.Login(t.Context()); err != nil {
					wantIs(t, err, session.ErrBackoff)
				}
			})
		}
		wg.Wait()
		if s := mustStatus(t, p.Client(t)); s.Strikes != 0 || s.ProbeOwed {
			t.Errorf("%+v, and every answer came within CallTimeout", s)
		}
	})
}
