package session_test

import (
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestAWrongApplicationSecretIsNotSentWithEveryRequest(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		f := p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyOAuth})
		c := p.Client(t)
		for range 6000 { // a minute
			_, err := c.Token(t.Context())
			var e *session.Error
			if !errors.As(err, &e) || e.Op != "oauth" || e.StatusCode != 401 {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := p.Counters().OAuth; n < 4 || n > 20 {
			t.Errorf("the OAuth2 endpoint was asked %d times in a minute", n)
		}
		f.Remove()
		time.Sleep(5 * time.Second)
		mustToken(t, c)
	})
}

func TestOneFailureOfTheOAuthEndpointHoldsNobodyUp(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML, Times: 1})
		c := p.Client(t)
		if _, err := c.Token(t.Context()); err == nil {
			t.Fatal("no error")
		}
		mustToken(t, c)
	})
}

func TestABearerOfAnotherProcessEndsThePause(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c, peer := p.Client(t), p.Client(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML, Times: 3})
		for range 2 {
			if _, err := c.Token(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		if _, err := peer.Token(t.Context()); err == nil {
			t.Fatal("no error")
		}
		mustToken(t, peer)
		mustGet(t, c, p)
		p.ExpireBearers()
		mustGet(t, c, p)
	})
}
