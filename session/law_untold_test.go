package session_test

import (
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// awayWhen is a client whose store goes away at a step, until heal is called.
func awayWhen(t *testing.T, p *sessiontest.Server, trace func(away func()) *session.Trace) (c *session.Client, heal func()) {
	t.Helper()
	faulty := storetest.NewFaulty(p.Store())
	var back func()
	cfg := p.Config()
	cfg.Store = faulty
	cfg.Trace = trace(func() {
		if back == nil {
			back = faulty.Inject(storetest.Fault{Times: -1})
		}
	})
	return mustClient(t, cfg), func() { back() }
}

func inMidLogin(away func()) *session.Trace {
	return &session.Trace{Login: func(e session.LoginEvent) {
		if e.Phase == session.LoginStarted {
			away()
		}
	}}
}

func inMidReset(away func()) *session.Trace {
	return &session.Trace{Rotation: func(e session.RotationEvent) {
		if e.Phase == "sent" {
			away()
		}
	}}
}

func TestG4ARotationThatTheStoreCouldNotBeToldOfIsToldLater(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		old := p.Password()
		c, heal := awayWhen(t, p, inMidReset)
		mustGet(t, c, p)
		if _, err := c.ResetPassword(t.Context()); err != nil {
			t.Fatal(err)
		}
		heal()
		time.Sleep(time.Minute)
		if s := mustStatus(t, c); s.Rotation != session.RotationNone || s.Strikes != 0 || s.Retired != 1 {
			t.Errorf("%+v", s)
		}
		cfg := p.Config()
		cfg.Credentials = session.StaticCredentials(p.Username(), old)
		_, err := mustClient(t, cfg).Login(t.Context())
		wantIs(t, err, session.ErrLatched)
		if n := p.Counters(); n.Logins != 1 {
			t.Errorf("%d logins: the old password was sent", n.Logins)
		}
	})
}

func TestG4AResetThatWasRefusedAndNotRecordedIsRecordedLater(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c, heal := awayWhen(t, p, inMidReset)
		mustGet(t, c, p)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Reset}, Kind: sessiontest.Status, Status: 502, Body: sessiontest.BodyHTML, Times: 1})
		_, err := c.ResetPassword(t.Context())
		wantIs(t, err, session.ErrOutcomeUnknown)
		heal()
		time.Sleep(time.Minute)
		if s := mustStatus(t, c); s.Rotation != session.RotationUnknown {
			t.Errorf("%+v", s)
		}
	})
}

func TestG2ASessionThatTheStoreLearnedOfLateIsToldOfItsUse(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		mustToken(t, p.Client(t))
		if _, err := p.Client(t).Login(t.Context()); err != nil { // the record counts past 1
			t.Fatal(err)
		}
		p.ExpireSessions()
		time.Sleep(21 * time.Minute)
		c, heal := awayWhen(t, p, inMidLogin)
		mustToken(t, c)
		heal()
		time.Sleep(2 * time.Minute)
		before := p.Counters().Logins
		for range 40 {
			mustGet(t, c, p)
			time.Sleep(time.Minute)
		}
		mustGet(t, p.Client(t), p) // another process
		if n := p.Counters().Logins - before; n != 0 {
			t.Errorf("%d logins, and a session in constant use was in the record", n)
		}
	})
}

func TestALogoutElsewhereEndsASessionThatTheStoreLearnedOfLate(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, heal := awayWhen(t, p, inMidLogin)
		mustGet(t, a, p)
		b := p.Client(t)
		if err := b.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		heal()
		time.Sleep(2 * time.Minute)
		if n := p.Counters().SessionsAlive; n != 0 {
			t.Errorf("%d sessions alive after a logout", n)
		}
		mustGet(t, a, p)
		mustGet(t, b, p)
		if n := p.Counters().SessionsAlive; n != 1 {
			t.Errorf("%d sessions alive, at most one of them in the record", n)
		}
	})
}

func TestG1AnOutageThatTheServiceItselfTellsCostsOneStrike(t *testing.T) {
	for _, status := range []int{500, 503} {
		virtually(t, func(t *testing.T) {
			p := sessiontest.New(t)
			c := p.Client(t)
			f := p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login, sessiontest.Logout}, Kind: sessiontest.Status, Status: status, Body: sessiontest.BodyPlatform})
			for range 600 {
				_, err := c.Token(t.Context())
				if errors.Is(err, session.ErrLatched) {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			f.Remove()
			time.Sleep(10 * time.Minute)
			mustToken(t, c)
			if n := p.Counters().Logins; n != 2 {
				t.Errorf("%d logins, want one before the outage was known and one after it", n)
			}
		})
	}
}
