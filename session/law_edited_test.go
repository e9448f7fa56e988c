package session_test

import (
	"errors"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// The new password could not be saved; then a person sets another one, on the platform and in the
// credentials. The mark must not keep everybody out: each process that finds it cannot finish it, and
// must let go.
func TestG4ARotationThatCannotBeFinishedGivesWayToAPasswordSetByAPerson(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Credentials().FailSave(1, syscall.EIO) // the proof succeeds
		_, err := c.ResetPassword(t.Context())
		var lost *session.RotationError
		if !errors.As(err, &lost) {
			t.Fatalf("error %v, want a RotationError", err)
		}
		p.Credentials().FailSave(0, nil)
		p.SetPassword("from-support-1")
		p.Credentials().Set(p.Username(), "from-support-1")
		began := time.Now()
		for _, who := range []*session.Client{c, p.Client(t)} {
			if _, err := who.Login(t.Context()); err != nil {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %s", took)
		}
		if s := mustStatus(t, c); s.Rotation != session.RotationNone || s.Strikes != 0 {
			t.Errorf("rotation %s, %d strikes; want none, 0", s.Rotation, s.Strikes)
		}
	})
}

// Whoever follows the hooks must see the end of everything that began.
func TestG4ARotationThatSomebodyElseOvertakesSendsNothingAndSaysSo(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		const set = "set-by-a-person"
		var once sync.Once
		var mu sync.Mutex
		cfg := p.Config()
		cfg.Credentials = swapping{p.Credentials(), &mu, func(session.Credentials) {
			once.Do(func() { // while saving is proved to work
				p.SetPassword(set)
				p.Credentials().Set(p.Username(), set)
			})
		}}
		var phases []string
		cfg.Trace = &session.Trace{Rotation: func(e session.RotationEvent) { phases = append(phases, e.Phase) }}
		c := mustClient(t, cfg)
		got, err := c.ResetPassword(t.Context())
		if err != nil || got.Reveal() != set {
			t.Errorf("error %v, or not the password that somebody has set", err)
		}
		if want := []string{"started", "overtaken", "adopted"}; !slices.Equal(phases, want) {
			t.Errorf("phases %q, want %q", phases, want)
		}
		if s := mustStatus(t, c); p.Counters().Resets != 0 || s.Strikes != 0 || s.Rotation != session.RotationNone {
			t.Errorf("%d resets, %d strikes, rotation %s", p.Counters().Resets, s.Strikes, s.Rotation)
		}
	})
}
