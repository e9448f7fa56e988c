package session_test

import (
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// Two clients of a store can hold two sessions that both live, after a Login of one of them. When the
// platform ends both at once, the other client first finds the newer session in the store, which is as dead.
func TestG3SessionsThatEndTogetherFailNoRequest(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, b := p.Client(t), p.Client(t)
		mustGet(t, a, p)
		mustGet(t, b, p)
		if _, err := a.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		mustGet(t, b, p) // with the first session still
		before := p.Counters()
		p.ExpireSessions()
		mustGet(t, b, p)
		n := p.Counters()
		if n.Logins-before.Logins != 1 || n.Resources-before.Resources != 3 {
			t.Errorf("%d logins, %d requests; want 1, 3", n.Logins-before.Logins, n.Resources-before.Resources)
		}
	})
}

// However many sessions the platform refuses, a request is sent three times at most.
func TestG3AReplayIsNoLoop(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, b := p.Client(t), p.Client(t)
		mustGet(t, a, p)
		mustGet(t, b, p)
		if _, err := a.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.SessionToken})
		before := p.Counters()
		if status, _ := get(t, b, p); status != 400 {
			t.Errorf("status %d, want the platform's answer", status)
		}
		n := p.Counters()
		if n.Logins-before.Logins != 1 || n.Resources-before.Resources != 3 {
			t.Errorf("%d logins, %d requests; want 1, 3", n.Logins-before.Logins, n.Resources-before.Resources)
		}
	})
}
