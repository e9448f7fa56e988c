package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

var onReset = []sessiontest.Endpoint{sessiontest.Reset}

// mustAgree checks that the platform, the source and the caller know the same password.
func mustAgree(t *testing.T, p *sessiontest.Server, got session.Secret) {
	t.Helper()
	if got.Reveal() != p.Password() || p.Credentials().Password() != p.Password() {
		t.Errorf("returned the password in force: %v; saved it: %v", got.Reveal() == p.Password(), p.Credentials().Password() == p.Password())
	}
}

func TestG4ResetReturnsTheNewPasswordWhenItIsSaved(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		old := p.Password()
		got, err := c.ResetPassword(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, p, got)
		if got.Reveal() == old {
			t.Error("the password did not change")
		}
		mustGet(t, c, p)
		s := mustStatus(t, c)
		if s.Rotation != session.RotationNone || s.Strikes != 0 || s.Retired != 1 {
			t.Errorf("rotation %s, %d strikes, %d retired; want none, 0, 1", s.Rotation, s.Strikes, s.Retired)
		}
		if n := p.Counters(); n.Logins != 1 || n.Resets != 1 {
			t.Errorf("%d logins, %d resets; want 1, 1", n.Logins, n.Resets)
		}
	})
}

func TestG4AReadOnlySourceIsRefusedBeforeAnythingIsSent(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.Credentials = session.StaticCredentials(p.Username(), p.Password())
		_, err := mustClient(t, cfg).ResetPassword(t.Context())
		wantIs(t, err, session.ErrReadOnlyCredentials)
		if n := p.Counters(); n.Requests != 0 {
			t.Errorf("%d requests were sent", n.Requests)
		}
	})
}

func TestG4SavingIsProvedBeforeTheResetIsSent(t *testing.T) {
	for name, spoil := range map[string]func(*sessiontest.Credentials){
		"it fails":               func(c *sessiontest.Credentials) { c.FailSave(0, syscall.ENOSPC) },
		"the source is unusable": func(c *sessiontest.Credentials) { c.FailLoad(errors.New("gone")) },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				c := p.Client(t)
				mustToken(t, c)
				spoil(p.Credentials())
				if _, err := c.ResetPassword(t.Context()); err == nil {
					t.Fatal("no error")
				} else if name == "it fails" {
					wantIs(t, err, syscall.ENOSPC)
				}
				if n := p.Counters(); n.Resets != 0 {
					t.Errorf("%d resets were sent", n.Resets)
				}
				p.Credentials().FailSave(0, nil)
				p.Credentials().FailLoad(nil)
				if s := mustStatus(t, c); s.Rotation != session.RotationNone || s.Strikes != 0 {
					t.Errorf("rotation %s, %d strikes; want none, 0", s.Rotation, s.Strikes)
				}
				got, err := c.ResetPassword(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, p, got)
			})
		})
	}
}

func TestG4ANewPasswordThatCannotBeSavedIsHandedOutAndFinishedLater(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Credentials().FailSave(1, syscall.EROFS) // the proof succeeds
		_, err := c.ResetPassword(t.Context())
		var lost *session.RotationError
		if !errors.As(err, &lost) || lost.NewPassword().Reveal() != p.Password() {
			t.Fatalf("error %v, want a RotationError with the password in force", err)
		}
		wantIs(t, err, syscall.EROFS)
		for _, s := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)} {
			if strings.Contains(s, p.Password()) {
				t.Error("the error prints the new password")
			}
		}
		if s := mustStatus(t, c); s.Rotation != session.RotationSaving {
			t.Errorf("rotation %s, want saving", s.Rotation)
		}
		// The old password is dead, and known to be.
		p.ExpireSessions()
		before := p.Counters().Logins
		p.Credentials().FailSave(0, nil)
		// Another process, that can save, finishes it: the first one has let go.
		other := p.Client(t)
		if _, err := other.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p.Credentials().Password() != p.Password() {
			t.Error("nobody finished the rotation")
		}
		if n := p.Counters(); n.Strikes != 0 || n.Logins-before > 1 {
			t.Errorf("%d strikes, %d logins", n.Strikes, n.Logins-before)
		}
	})
}

// A process that dies while it rotates leaves its mark. One that waits long enough sees it lapse; one
// that never waits so long goes by its age.
func TestG4AMarkWithoutAProcessDoesNotStopShortLivedCommandsForEver(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		mortal := &mortalStore{Store: p.Store()}
		cfg.Store = mortal
		c := mustClient(t, cfg)
		mustToken(t, c)
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 10 * time.Second})
		go func() {
			time.Sleep(5 * time.Second)
			mortal.kill()
		}()
		p.Credentials().FailSave(1, syscall.EIO)
		_, err := c.ResetPassword(t.Context())
		var lost *session.RotationError
		if !errors.As(err, &lost) {
			t.Fatalf("error %v, want a RotationError", err)
		}
		p.Credentials().FailSave(0, nil)
		p.Credentials().Set(p.Username(), lost.NewPassword().Reveal()) // what the person does who reads it
		p.ExpireSessions()
		for tries := 1; ; tries++ {
			command := p.Client(t)
			if _, err = command.Token(t.Context()); err == nil {
				break
			}
			wantIs(t, err, session.ErrRotating)
			_ = command.Close()
			if tries > 12 {
				t.Fatal("it never ends")
			}
			time.Sleep(time.Hour)
		}
		if n := p.Counters(); n.MaxStrikes != 0 {
			t.Errorf("%d strikes", n.MaxStrikes)
		}
	})
}

func TestG4NobodyLogsInWhileARotationRuns(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a, b := p.Client(t), p.Client(t)
		mustToken(t, a)
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 90 * time.Second})
		done := make(chan session.Secret)
		go func() {
			got, err := a.ResetPassword(t.Context())
			if err != nil {
				t.Error(err)
			}
			done <- got
		}()
		time.Sleep(time.Second)
		before := p.Counters().Logins
		_, err := b.Login(t.Context())
		wantIs(t, err, session.ErrRotating)
		if n := p.Counters(); n.Logins != before {
			t.Errorf("%d logins during the rotation", n.Logins-before)
		}
		mustAgree(t, p, <-done)
		if _, err := b.Login(t.Context()); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
		if n := p.Counters(); n.MaxStrikes != 0 {
			t.Errorf("%d strikes", n.MaxStrikes)
		}
	})
}

func TestG4TheOldPasswordFailsLocallyAfterwards(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		a := p.Client(t)
		cfg := p.Config()
		cfg.Credentials = session.StaticCredentials(p.Username(), p.Password()) // like an environment variable
		b := mustClient(t, cfg)
		if _, err := a.ResetPassword(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Token(t.Context()); err != nil {
			t.Errorf("the session still serves: %v", err)
		}
		_, err := b.Login(t.Context())
		wantIs(t, err, session.ErrLatched)
		if n := p.Counters(); n.MaxStrikes != 0 || n.Logins != 1 {
			t.Errorf("%d strikes, %d logins; want 0, 1", n.MaxStrikes, n.Logins)
		}
	})
}

func TestG4ConcurrentRotationsRotateOnce(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 5 * time.Second})
		var wg sync.WaitGroup
		for range 5 {
			c := p.Client(t)
			for range 5 {
				wg.Go(func() {
					got, err := c.ResetPassword(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					mustAgree(t, p, got)
				})
			}
		}
		wg.Wait()
		if n := p.Counters(); n.Resets != 1 {
			t.Errorf("%d resets, want 1", n.Resets)
		}
	})
}

func TestG4TheCallersCancellationDoesNotReachTheReset(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustToken(t, c)
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 119 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		_, err := c.ResetPassword(ctx)
		wantIs(t, err, context.DeadlineExceeded)
		if d := time.Since(started); d != time.Second {
			t.Errorf("the caller was freed after %v", d)
		}
		if err := c.Close(); err != nil { // waits for it
			t.Fatal(err)
		}
		if p.Credentials().Password() != p.Password() || p.Counters().ResetsDone != 1 {
			t.Error("the new password was not saved")
		}
	})
}

func TestG4ALostAnswerIsUnknownAndOneLoginSettlesIt(t *testing.T) {
	t.Run("nothing had happened", func(t *testing.T) {
		virtually(t, func(t *testing.T) {
			p := sessiontest.New(t)
			c := p.Client(t)
			p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Drop, Times: 1})
			_, err := c.ResetPassword(t.Context())
			wantIs(t, err, session.ErrOutcomeUnknown)
			if s := mustStatus(t, c); s.Rotation != session.RotationUnknown {
				t.Errorf("rotation %s, want unknown", s.Rotation)
			}
			_, err = c.ResetPassword(t.Context())
			wantIs(t, err, session.ErrOutcomeUnknown)
			if n := p.Counters(); n.Resets != 1 {
				t.Errorf("%d resets, want 1: a reset is never repeated", n.Resets)
			}
			if _, err := c.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			// The reset itself may still be on its way, so its strike stays for a while.
			if s := mustStatus(t, c); s.Rotation != session.RotationNone || s.Strikes != 1 {
				t.Errorf("rotation %s, %d strikes; want none, 1", s.Rotation, s.Strikes)
			}
			time.Sleep(5 * time.Minute)
			got, err := c.ResetPassword(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustAgree(t, p, got)
		})
	})
	t.Run("it took effect", func(t *testing.T) {
		virtually(t, func(t *testing.T) {
			p := sessiontest.New(t)
			c := p.Client(t)
			p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Drop, Acted: true, Times: 1})
			_, err := c.ResetPassword(t.Context())
			wantIs(t, err, session.ErrOutcomeUnknown)
			_, err = c.Login(t.Context())
			wantIs(t, err, session.ErrPasswordLost)
			for range 10 {
				_, err = p.Client(t).Login(t.Context())
				wantIs(t, err, session.ErrPasswordLost)
			}
			if n := p.Counters(); n.Strikes != 1 {
				t.Errorf("%d strikes, want 1", n.Strikes)
			}
			if s := mustStatus(t, c); s.Rotation != session.RotationLost || s.Password != session.PasswordLost {
				t.Errorf("rotation %s, password %s; want lost, lost", s.Rotation, s.Password)
			}
			// Support sets another password.
			p.SetPassword("from-support-1")
			p.Credentials().Set(p.Username(), "from-support-1")
			_, err = c.ResetPassword(t.Context()) // which no login has proved yet
			wantIs(t, err, session.ErrPasswordLost)
			if n := p.Counters(); n.Resets != 1 {
				t.Errorf("%d resets were sent, want the lost one alone", n.Resets)
			}
			if _, err := c.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := mustStatus(t, c); s.Rotation != session.RotationNone || s.Strikes > 1 {
				t.Errorf("rotation %s, %d strikes; want none, at most 1", s.Rotation, s.Strikes)
			}
		})
	})
}

func TestG4ARefusedResetIsAStrikeAndNoMore(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustToken(t, c)
		p.Credentials().Set(p.Username(), "not-it")
		_, err := c.ResetPassword(t.Context())
		wantIs(t, err, session.ErrCredentialsRefused)
		if s := mustStatus(t, c); s.Strikes != 1 || s.Rotation != session.RotationNone {
			t.Errorf("%d strikes, rotation %s; want 1, none", s.Strikes, s.Rotation)
		}
	})
}

func TestG4AResetRefusedForItsTokensIsSentAgainOnce(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		p.ExpireSessions()
		got, err := c.ResetPassword(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, p, got)
		p.ExpireBearers()
		got, err = c.ResetPassword(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, p, got)
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.SessionToken})
		_, err = c.ResetPassword(t.Context())
		wantIs(t, err, session.ErrSessionExpired)
		if n := p.Counters(); n.ResetsDone != 2 || n.Resets != 6 {
			t.Errorf("%d of %d resets done, want 2 of 6", n.ResetsDone, n.Resets)
		}
	})
}

func TestRotationWhileEverybodyWorksFailsNoRequest(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t, sessiontest.WithSwitches(func(s *sessiontest.Switches) { s.ResetEndsSessions = true }))
		p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Late, Delay: 3 * time.Second})
		var wg sync.WaitGroup
		for range 20 {
			c := p.Client(t)
			wg.Go(func() {
				for range 60 {
					mustGet(t, c, p)
					time.Sleep(500 * time.Millisecond)
				}
			})
		}
		rotator := p.Client(t)
		for range 3 {
			time.Sleep(5 * time.Second)
			got, err := rotator.ResetPassword(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustAgree(t, p, got)
		}
		wg.Wait()
		if n := p.Counters(); n.MaxStrikes != 0 || n.Logins > 4 {
			t.Errorf("%d strikes, %d logins; want 0, at most 4", n.MaxStrikes, n.Logins)
		}
	})
}
