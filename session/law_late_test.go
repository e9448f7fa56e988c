package session_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// lagging hands out what it read before after was called.
type lagging struct {
	session.CredentialSaver
	after func()
}

func (l lagging) Load(ctx context.Context) (session.Credentials, error) {
	c, err := l.CredentialSaver.Load(ctx)
	l.after()
	return c, err
}

func TestG4WhoReadThePasswordJustBeforeARotationEndedReadsItAgain(t *testing.T) {
	for name, ask := range map[string]func(ctx context.Context, c *session.Client) error{
		"a login": func(ctx context.Context, c *session.Client) error {
			_, err := c.Login(ctx)
			return err
		},
		"a rotation": func(ctx context.Context, c *session.Client) error {
			_, err := c.ResetPassword(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				a := p.Client(t)
				var once sync.Once
				cfg := p.Config()
				cfg.Credentials = lagging{p.Credentials(), func() {
					once.Do(func() {
						if _, err := a.ResetPassword(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}}
				if err := ask(t.Context(), mustClient(t, cfg)); err != nil {
					t.Errorf("the source has the new password: %v", err)
				}
				if n := p.Counters().ResetsDone; n != 1 {
					t.Errorf("%d resets", n)
				}
			})
		})
	}
}

func TestLogoutEndsASessionThatTheStoreWasNotToldOf(t *testing.T) {
	virtually(t, func(t *testing.T) {
		store := storetest.NewFaulty(session.NewMemoryStore())
		p := sessiontest.New(t, sessiontest.WithStore(store))
		var heal func()
		cfg := p.Config()
		cfg.Trace = &session.Trace{Login: func(e session.LoginEvent) {
			if e.Phase == session.LoginStarted {
				heal = store.Inject(storetest.Fault{Times: -1})
			}
		}}
		c := mustClient(t, cfg)
		mustToken(t, c)
		heal()
		if err := c.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Counters().SessionsAlive; n != 0 {
			t.Errorf("%d sessions alive after Logout", n)
		}
	})
}

func TestWhoAsksAfterALogoutGetsASessionThoughAnOlderLoginIsUnderWay(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Late, Delay: 10 * time.Second, Times: 1})
		c := p.Client(t)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Token(t.Context()) })
		time.Sleep(5 * time.Second)
		if err := c.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := c.Token(t.Context()); err != nil {
			t.Errorf("asked for after the logout: %v", err)
		}
		wg.Wait()
	})
}
