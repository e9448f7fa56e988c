package killtest

import (
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// killOnTheWire kills a rotation whose reset is held up on its way to the platform.
func killOnTheWire(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, top(t, media(t, false)[0].dir))
	s.before = newGate()
	p := start(t, s.orders())
	p.rotate()
	s.until(p, func(w wire, _ sessiontest.Counters) bool { return w.arrived > 0 })
	if !p.kill() {
		t.Fatalf("it ended of its own accord: %s", &p.stderr)
	}
	return s
}

func TestG4AResetThatArrivesAfterTheOldPasswordHadWorkedIsToldOf(t *testing.T) {
	s := killOnTheWire(t)
	then := bubbleFrom(t, time.Now(), func(t *testing.T) {
		if err := login(t, client(t, s.config())); err != nil {
			t.Fatalf("the old password is still in force: %v", err)
		}
		if phase := s.mark(t); phase != "" {
			t.Errorf("the record says %q, although the old password works", phase)
		}
	})
	s.silence() // it arrives
	if n := s.platform.Counters(); n.ResetsDone != 1 || s.platform.Password() == s.password() {
		t.Fatalf("%d resets done", n.ResetsDone)
	}
	bubbleFrom(t, then, func(t *testing.T) {
		if err := login(t, client(t, s.config())); !errors.Is(err, session.ErrPasswordLost) {
			t.Errorf("with the old password: %v", err)
		}
		if n := s.refused(); n != 1 {
			t.Errorf("%d strikes, want 1", n)
		}
		s.goOn(t, true)
	})
}

func TestG4AResetThatArrivesAfterTheNextRotationChangesNothing(t *testing.T) {
	s := killOnTheWire(t)
	s.platform.SetSwitches(func(w *sessiontest.Switches) { w.RefusedResetStrikes = true })
	var saved string
	then := bubbleFrom(t, time.Now(), func(t *testing.T) {
		c := client(t, s.config())
		if err := login(t, c); err != nil {
			t.Fatalf("the old password is still in force: %v", err)
		}
		if _, err := c.ResetPassword(t.Context()); err != nil {
			t.Fatalf("the next rotation: %v", err)
		}
		saved = s.password()
	})
	s.silence() // it arrives, with the old password
	n := s.platform.Counters()
	if n.ResetsDone != 1 || n.ResetsRefused != 1 || s.platform.Password() != saved || s.password() != saved {
		t.Errorf("%d resets done, %d refused", n.ResetsDone, n.ResetsRefused)
	}
	if record, _ := s.record(t); len(record.Strikes) < n.Strikes {
		t.Errorf("the platform counts %d strikes, the record %d", n.Strikes, len(record.Strikes))
	}
	bubbleFrom(t, then, func(t *testing.T) { s.goOn(t, false) })
}
