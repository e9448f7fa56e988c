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

// Whoever finds a rotation whose process died must be able to tell it from one that is under way.
func TestStatusSaysUntilWhenAProcessMayBeAtARotation(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		mortal := &mortalStore{Store: cfg.Store}
		cfg.Store = mortal
		c := mustClient(t, cfg)
		mustToken(t, c)
		if s := mustStatus(t, c); !s.RotationBegan.IsZero() || !s.RotationEnds.IsZero() {
			t.Errorf("without a rotation: %v to %v", s.RotationBegan, s.RotationEnds)
		}
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 10 * time.Second})
		began := time.Now()
		go func() {
			time.Sleep(5 * time.Second)
			mortal.kill()
		}()
		p.Credentials().FailSave(1, syscall.EIO)
		_, _ = c.ResetPassword(t.Context())
		p.Credentials().FailSave(0, nil)
		s := mustStatus(t, p.Client(t))
		if length := s.RotationEnds.Sub(s.RotationBegan); s.Rotation != session.RotationSending || s.RotationBegan.Sub(began).Abs() > time.Second || length < 3*time.Minute {
			t.Errorf("%s, %v after it began, for %v", s.Rotation, s.RotationBegan.Sub(began), length)
		}
		p.ExpireSessions()
		time.Sleep(25 * time.Hour)
		_, err := p.Client(t).Token(t.Context())
		wantIs(t, err, session.ErrRotating) // it looked for less long than the mark lasts
		time.Sleep(2 * time.Hour)
		if _, err := p.Client(t).Token(t.Context()); errors.Is(err, session.ErrRotating) {
			t.Errorf("a day later: %v", err)
		}
	})
}

// What was answered cannot be on its way any more, however young it is.
func TestStatusSaysUntilWhenAnAttemptMayArrive(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Status, Status: 500, Times: 1})
		_, _ = c.Login(t.Context())
		if a := mustStatus(t, c).Attempts; len(a) != 1 || a[0].State != session.AttemptUnknown || !a[0].MayArriveUntil.IsZero() {
			t.Errorf("answered: %+v", a)
		}
		time.Sleep(time.Minute)
		if _, err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := mustStatus(t, c).Attempts; len(a) != 0 {
			t.Errorf("after a success: %+v", a)
		}
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Drop, Times: 1})
		began := time.Now()
		_, _ = c.Login(t.Context())
		if a := mustStatus(t, c).Attempts; len(a) != 1 || a[0].MayArriveUntil.Sub(began).Round(time.Minute) != 5*time.Minute {
			t.Errorf("not answered: %+v", a)
		}
		time.Sleep(6 * time.Minute)
		if a := mustStatus(t, c).Attempts; len(a) != 1 || !a[0].MayArriveUntil.IsZero() {
			t.Errorf("long ago: %+v", a)
		}
	})
}
