package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// panicking is a store that panics on demand.
type panicking struct {
	session.Store
	armed func() bool
}

func (s panicking) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	if s.armed() {
		panic("store")
	}
	return s.Store.Swap(ctx, key, old, new)
}

func TestG4APanicAfterTheAnswerLosesNoPassword(t *testing.T) {
	for name, spoil := range map[string]func(cfg *session.Config, done func() bool){
		"in the store": func(cfg *session.Config, done func() bool) { cfg.Store = panicking{cfg.Store, done} },
		"in a hook": func(cfg *session.Config, done func() bool) {
			cfg.Trace = &session.Trace{Rotation: func(session.RotationEvent) {
				if done() {
					panic("hook")
				}
			}}
		},
		"in saving": func(cfg *session.Config, done func() bool) {
			var mu sync.Mutex
			cfg.Credentials = swapping{cfg.Credentials.(*sessiontest.Credentials), &mu, func(session.Credentials) {
				if done() {
					panic("saver")
				}
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				cfg := p.Config()
				spoil(&cfg, func() bool { return p.Counters().ResetsDone > 0 })
				got, err := mustClient(t, cfg).ResetPassword(t.Context())
				var kept *session.RotationError
				if errors.As(err, &kept) {
					got = kept.NewPassword()
				}
				if got.Reveal() != p.Password() {
					t.Fatalf("the new password was not handed out: %v", err)
				}
				if err == nil && p.Credentials().Password() != p.Password() {
					t.Error("nor was it saved")
				}
			})
		})
	}
}

func TestAPanicInAHookCostsNoStrike(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.Trace = &session.Trace{Login: func(session.LoginEvent) { panic("hook") }}
		c := mustClient(t, cfg)
		if _, err := c.Token(t.Context()); err != nil {
			t.Errorf("Token: %v", err)
		}
		if s := mustStatus(t, p.Client(t)); s.Strikes != 0 || s.Pending {
			t.Errorf("%d strikes, pending %v", s.Strikes, s.Pending)
		}
	})
}

func TestAPanicInTheBackgroundDoesNotEndTheProcess(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		armed := false
		cfg.Store = panicking{cfg.Store, func() bool { return armed }}
		c := mustClient(t, cfg)
		mustToken(t, c)
		armed = true
		mustGet(t, c, p)
		time.Sleep(time.Second)
	})
}
