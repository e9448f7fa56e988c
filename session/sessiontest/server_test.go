package sessiontest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestOptionsReachPlatformAndConfig(t *testing.T) {
	store := session.NewMemoryStore()
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	p := sessiontest.New(t,
		sessiontest.WithBaseURL("http://localhost/other/base"),
		sessiontest.WithApplication("a-key", "an-application-secret"),
		sessiontest.WithUser("trillian", "forty-two"),
		sessiontest.WithAccount("0000999999-00001"),
		sessiontest.WithStore(store),
		sessiontest.WithClock(func() time.Time { return at }),
		sessiontest.WithSwitches(func(s *sessiontest.Switches) { s.StrikeLimit = 2 }),
	)
	cfg := p.Config()
	if cfg.BaseURL != "http://localhost/other/base" || cfg.Store != store || cfg.Application.Key != "a-key" || p.Store() != store || p.BaseURL() != cfg.BaseURL {
		t.Errorf("%+v", cfg)
	}
	client := p.Client(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/0000999999-00001", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || p.Username() != "trillian" || p.Password() != "forty-two" || p.Switches().StrikeLimit != 2 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if entries := p.Journal(); len(entries) != 3 || !entries[0].At.Equal(at) {
		t.Errorf("%+v", entries)
	}
}

func TestControlsOfTheServer(t *testing.T) {
	c := start(t, sessiontest.WithSwitches(func(s *sessiontest.Switches) { s.Cookies = false }))
	p := c.platform
	c.login("wrong")
	p.ClearStrikes()
	if n := p.Counters().Strikes; n != 0 {
		t.Errorf("%d strikes", n)
	}
	p.Lock()
	c.want(c.login("IMgr8"), 400, "REQUEST_FAILED.Account.Locked")
	p.Unlock()
	c.want(c.login("IMgr8"), 200, "")
	p.ExpireBearers()
	c.want(c.resource(), 401, "900901")
	c.oauth()
	p.ExpireSessions()
	c.want(c.resource(), 400, "REQUEST_FAILED.SessionToken.Expired")

	fault := p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Status, Status: 503})
	c.resource()
	c.resource()
	if fault.Hits() != 2 {
		t.Errorf("%d hits", fault.Hits())
	}
	fault.Remove()
	if c.login("IMgr8"); fault.Hits() != 0 {
		t.Error("a fault that is gone has hits")
	}
	c.want(c.resource(), 200, "")

	p.SetPassword("other")
	p.SetSwitches(func(s *sessiontest.Switches) { s.Cookies, s.StrikeLimit = true, 3 })
	p.Reset()
	if s := p.Switches(); s.Cookies || s.StrikeLimit != 5 || p.Password() != "IMgr8" || p.Counters().Requests != 0 {
		t.Errorf("after a reset: %+v", s)
	}
}

// stern is a test that a mistake would fail.
type stern struct {
	testing.TB
	said string
}

func (s *stern) Helper() {}
func (s *stern) Fatalf(f string, a ...any) {
	s.said = fmt.Sprintf(f, a...)
	panic(s)
}

func TestMistakesFailTheTest(t *testing.T) {
	for name, mistake := range map[string]func(*stern){
		"base URL": func(s *stern) { sessiontest.New(s, sessiontest.WithBaseURL("nowhere")) },
		"fault":    func(s *stern) { sessiontest.New(s).Inject(sessiontest.Fault{Kind: "flood"}) },
		"switches": func(s *stern) {
			sessiontest.New(s, sessiontest.WithSwitches(func(w *sessiontest.Switches) { w.StrikeLimit = -1 }))
		},
		"config": func(s *stern) {
			sessiontest.New(s, sessiontest.WithBaseURL("http://public.example/api")).Client(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stern{TB: t}
			defer func() {
				if recover() != any(s) || !strings.HasPrefix(s.said, "sessiontest: ") {
					t.Errorf("said %q", s.said)
				}
			}()
			mistake(s)
		})
	}
}

func TestCredentialsFailOnCommand(t *testing.T) {
	c := sessiontest.NewCredentials("zbeeblebrox", "IMgr8")
	loaded := func() string {
		held, err := c.Load(t.Context())
		if err != nil {
			return err.Error()
		}
		return held.Username + " " + held.Password.Reveal()
	}
	save := func(password string) error {
		return c.Save(t.Context(), session.Credentials{Username: "zbeeblebrox", Password: session.NewSecret(password)})
	}
	full := errors.New("no space left")
	c.FailSave(1, full)
	if err := save("first"); err != nil {
		t.Error(err)
	}
	if err := save("second"); !errors.Is(err, full) || loaded() != "zbeeblebrox first" {
		t.Errorf("error %v, holds %s", err, loaded())
	}
	c.FailSave(0, nil)
	c.LoseSaves(true)
	if err := save("third"); err != nil || c.Password() != "first" {
		t.Errorf("error %v, holds %s", err, c.Password())
	}
	c.LoseSaves(false)
	c.Set("arthur", "h2g2")
	if loaded() != "arthur h2g2" || c.Saves() != 3 {
		t.Errorf("holds %s after %d saves", loaded(), c.Saves())
	}
	c.FailLoad(errors.New("gone"))
	if loaded() != "gone" {
		t.Errorf("holds %s", loaded())
	}
	c.FailLoad(nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Load(cancelled); err == nil {
		t.Error("loaded for a cancelled context")
	}
	if err := c.Save(cancelled, session.Credentials{}); err == nil || c.Loads() == 0 {
		t.Error("saved for a cancelled context")
	}
}
