package session_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestStatusSaysNothingIsLatchedWhenTheNextLoginFinishesTheRotation(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Credentials().FailSave(1, syscall.EROFS) // the proof succeeds
		var kept *session.RotationError
		if _, err := c.ResetPassword(t.Context()); !errors.As(err, &kept) {
			t.Fatalf("error %v, want a RotationError", err)
		}
		p.Credentials().FailSave(0, nil)
		if s := mustStatus(t, c); s.Latched {
			t.Error("latched, although the next login saves the new password and is accepted")
		}
		cfg := p.Config()
		cfg.Credentials = session.StaticCredentials(p.Username(), p.Credentials().Password())
		if s := mustStatus(t, mustClient(t, cfg)); !s.Latched {
			t.Error("not latched for a process that has the old password and cannot save another")
		}
		if _, err := c.Login(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Who has a wrong application secret, or still the old one, must not be told that nobody is logged in.
func TestStatusTellsOfSessionsThatAnotherApplicationSecretSealed(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		if _, err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := mustStatus(t, c).Session; s.Foreign != 0 || !s.Alive {
			t.Errorf("to its owner: %+v", s)
		}
		cfg := p.Config()
		cfg.Application.Secret = session.NewSecret("another")
		other := mustClient(t, cfg)
		if s := mustStatus(t, other).Session; s.Foreign != 1 || s.Present {
			t.Errorf("to another: %+v", s)
		}
		time.Sleep(21 * time.Minute)
		if s := mustStatus(t, other).Session; s.Foreign != 0 {
			t.Errorf("when it has lapsed: %+v", s)
		}
	})
}
