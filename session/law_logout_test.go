package session_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestLogoutEndsTheSessionForEverybody(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, b := p.Client(t), p.Client(t)
		mustGet(t, a, p)
		mustGet(t, b, p)
		if err := a.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Counters(); n.SessionsAlive != 0 || n.Logouts != 1 {
			t.Errorf("%d sessions alive, %d logouts; want 0, 1", n.SessionsAlive, n.Logouts)
		}
		if s := mustStatus(t, b); s.Session.Present {
			t.Error("the record still has a session")
		}
		// Whoever needs one again gets one.
		mustGet(t, b, p)
		if n := p.Counters(); n.Logins != 2 {
			t.Errorf("%d logins, want 2", n.Logins)
		}
	})
}

func TestLogoutEndsTheSessionInHandTooIfTheRecordHasAnother(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, b := p.Client(t), p.Client(t)
		first := mustToken(t, a)
		if _, err := b.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Logout}, Kind: sessiontest.Drop, Times: 1})
		if err := a.Logout(t.Context()); err == nil {
			t.Fatal("no error")
		}
		if err := a.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Counters(); n.SessionsAlive != 0 {
			t.Errorf("%d sessions alive", n.SessionsAlive)
		}
		if again := mustToken(t, a); again.Reveal() == first.Reveal() {
			t.Error("the session is in use after the logout")
		}
	})
}

func TestLogoutWithoutASessionSendsNothing(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		if err := c.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Counters(); n.Requests != 0 {
			t.Errorf("%d requests were sent", n.Requests)
		}
	})
}

func TestLogoutOfASessionThatHasEndedIsNoError(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustToken(t, c)
		p.ExpireSessions()
		p.ExpireBearers()
		if err := c.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := mustStatus(t, c); s.Session.Present {
			t.Error("the record still has a session")
		}
	})
}

func TestALogoutThatFailedCanBeRepeated(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustToken(t, c)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Logout}, Kind: sessiontest.Drop, Times: 1})
		if err := c.Logout(t.Context()); err == nil {
			t.Fatal("no error")
		}
		if err := c.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Counters(); n.SessionsAlive != 0 {
			t.Errorf("%d sessions alive", n.SessionsAlive)
		}
	})
}

func TestLogoutDuringALoginDoesNotResurrectTheSession(t *testing.T) {
	for _, same := range []bool{true, false} {
		virtually(t, func(t *testing.T) {
			p := sessiontest.New(t)
			p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Late, Delay: 10 * time.Second})
			a := p.Client(t)
			b := a
			if !same {
				b = p.Client(t)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := a.Token(t.Context()); err == nil {
					t.Error("the login that the logout overtook returned a token")
				}
			})
			time.Sleep(5 * time.Second)
			if err := b.Logout(t.Context()); err != nil {
				t.Error(err)
			}
			wg.Wait()
			if n := p.Counters(); n.SessionsAlive != 0 {
				t.Errorf("%d sessions alive", n.SessionsAlive)
			}
			if s := mustStatus(t, b); s.Session.Present || s.Strikes != 0 {
				t.Errorf("session present: %v, %d strikes", s.Session.Present, s.Strikes)
			}
			mustGet(t, a, p)
		})
	}
}

func TestAfterCloseEverythingIsRefusedAndClosingAgainIsFine(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		for range 3 {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		before := p.Counters().Requests
		_, err := c.Token(t.Context())
		wantIs(t, err, session.ErrClosed)
		_, err = c.Renew(t.Context(), session.Token{})
		wantIs(t, err, session.ErrClosed)
		_, err = c.Login(t.Context())
		wantIs(t, err, session.ErrClosed)
		wantIs(t, c.Logout(t.Context()), session.ErrClosed)
		_, err = c.ResetPassword(t.Context())
		wantIs(t, err, session.ErrClosed)
		_, err = c.Status(t.Context())
		wantIs(t, err, session.ErrClosed)
		wantIs(t, c.Rearm(t.Context(), session.OneAttempt), session.ErrClosed)
		_, err = c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/x")
		wantIs(t, err, session.ErrClosed)
		if n := p.Counters(); n.Requests != before || n.SessionsAlive != 1 {
			t.Errorf("%d requests after Close, %d sessions alive; want 0, 1: Close never logs out", n.Requests-before, n.SessionsAlive)
		}
	})
}

func TestCloseWaitsForALoginUnderWay(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Late, Delay: 10 * time.Second})
		c := p.Client(t)
		go func() { _, _ = c.Token(t.Context()) }()
		time.Sleep(time.Second)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if s := mustStatus(t, p.Client(t)); !s.Session.Present || s.Pending || s.Strikes != 0 {
			t.Errorf("session %v, pending %v, %d strikes; want the login's answer recorded", s.Session.Present, s.Pending, s.Strikes)
		}
	})
}

func TestALoginThatALogoutElsewhereOvertookMayBeTriedAgain(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 10 * time.Second, Times: 1})
		c, peer := p.Client(t), p.Client(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(5 * time.Second)
			if err := peer.Logout(t.Context()); err != nil {
				t.Error(err)
			}
		})
		_, err := c.Token(t.Context())
		wg.Wait()
		wantIs(t, err, session.ErrBackoff)
		var e *session.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 {
			t.Errorf("no RetryAfter: %v", err)
		}
		mustToken(t, c)
	})
}
