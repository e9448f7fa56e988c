package killtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// ending is how a killed rotation ended, after others recovered from it.
type ending int

const (
	stuck ending = iota // must not be
	withOld
	withNew
	byAnother
	unknownOld
	unknownLost
	endings
)

func (e ending) String() string {
	return [endings]string{"stuck", "old", "new", "new, finished by another", "unknown, settled as old", "unknown, settled as lost"}[e]
}

// ending is what must come of a rotation that was killed there. Lost is only the password of a reset
// that was acted upon and whose answer was not yet in the record.
func (p place) ending() ending {
	return [everywhere]ending{
		beforeMark: withOld, proving: withOld, marked: unknownOld, sentDropped: unknownOld,
		sentActed: unknownLost, acted: unknownLost, answered: unknownLost,
		sealed: byAnother, saved: withNew, finished: withNew,
	}[p]
}

// manner is who comes after the kill.
type manner int

const (
	aService   manner = iota // it logs in when it needs a session
	aRepeat                  // somebody repeats the reset
	aBystander               // before the service, one that has the old password in its environment
	twoAtOnce                // two services
	manners
)

func (m manner) String() string {
	return [manners]string{"a service", "a repeated reset", "a bystander", "two services"}[m]
}

// bubble runs f in virtual time that begins now: the bubble's own begins years ago, which would make
// everything in the record lie in the future.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	bubbleFrom(t, time.Now(), f)
}

// bubbleFrom is bubble with another beginning. It returns when it ended, in its own time.
func bubbleFrom(t *testing.T, begin time.Time, f func(t *testing.T)) (end time.Time) {
	t.Helper()
	begin = begin.Round(0)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		f(t)
		end = time.Now().Round(0)
	})
	return end
}

// recover lets other processes come after a kill, and says how it ended and what it cost.
func (s *stage) recover(t *testing.T, r remains, how manner, e *ending, spent *int) {
	t.Helper()
	bubbleFrom(t, time.Now().Add(s.ahead), func(t *testing.T) {
		before := s.refused()
		err := s.come(t, how)
		inForce := s.platform.Password()
		switch {
		case errors.Is(err, session.ErrPasswordLost):
			*e = unknownLost
			if r.inForce == r.inFile || s.mark(t) != ledger.Lost {
				t.Errorf("the password is said to be lost; in the file: %v, the record says %q", r.inForce == r.inFile, s.mark(t))
			}
		case err != nil:
			t.Errorf("nobody recovers: %v", err)
		case s.password() != inForce:
			t.Error("recovered, and the file has another password than the platform")
		case r.inForce == s.old && (r.phase == "" || r.phase == ledger.Proving):
			*e = withOld
		case r.inForce == s.old:
			*e = unknownOld
		case r.inFile == s.old:
			*e = byAnother
		default:
			*e = withNew
		}
		*spent = s.refused() - before
		s.goOn(t, *e == unknownLost)
		if n := s.platform.Counters(); n.Locked || n.MaxStrikes > before+1 {
			t.Errorf("%d strikes, locked: %v", n.MaxStrikes, n.Locked)
		}
	})
}

// refused is how many passwords the platform has refused.
func (s *stage) refused() int {
	n := s.platform.Counters()
	return n.LoginsRefused + n.ResetsRefused
}

func (s *stage) mark(t *testing.T) ledger.Phase {
	t.Helper()
	record, _ := s.record(t)
	if record.Rotation == nil || record.Rotation.Phase == ledger.Settled {
		return ""
	}
	return record.Rotation.Phase
}

// come is what happens after the kill. Its error is what the last who came was told.
func (s *stage) come(t *testing.T, how manner) error {
	t.Helper()
	switch how {
	case aRepeat:
		c := client(t, s.config())
		err := insist(t, func() error { _, err := c.ResetPassword(t.Context()); return err })
		if !errors.Is(err, session.ErrOutcomeUnknown) {
			return err
		}
		return login(t, c)
	case aBystander:
		cfg := s.config()
		cfg.Credentials = session.StaticCredentials(s.platform.Username(), s.old)
		err := login(t, client(t, cfg))
		if err != nil && !errors.Is(err, session.ErrLatched) && !errors.Is(err, session.ErrPasswordLost) {
			t.Errorf("with the old password: %v", err)
		}
	case twoAtOnce:
		other := client(t, s.config())
		var others sync.WaitGroup
		others.Go(func() {
			if err := login(t, other); err != nil && !errors.Is(err, session.ErrPasswordLost) {
				t.Errorf("the other service: %v", err)
			}
		})
		defer others.Wait()
	}
	return login(t, client(t, s.config()))
}

func client(t *testing.T, cfg session.Config) *session.Client {
	t.Helper()
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func login(t *testing.T, c *session.Client) error {
	t.Helper()
	return insist(t, func() error { _, err := c.Login(t.Context()); return err })
}

// insist tries again for as long as the error asks to wait. It must not ask for more than an hour.
func insist(t *testing.T, try func() error) error {
	t.Helper()
	for began := time.Now(); ; {
		err := try()
		if !errors.Is(err, session.ErrRotating) && !errors.Is(err, session.ErrBackoff) {
			return err
		}
		var e *session.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 {
			t.Errorf("it does not say when to try again: %v", err)
			return err
		}
		if time.Since(began) > time.Hour {
			return err
		}
		time.Sleep(e.RetryAfter)
	}
}

// goOn shows that there is a way out: after a lost password with the help of support, otherwise
// without.
func (s *stage) goOn(t *testing.T, lost bool) {
	t.Helper()
	c := client(t, s.config())
	if lost {
		spent := s.refused()
		for range 10 {
			time.Sleep(2 * time.Hour)
			if err := login(t, c); !errors.Is(err, session.ErrPasswordLost) {
				t.Errorf("later: %v", err)
			}
		}
		if n := s.refused() - spent; n != 0 {
			t.Errorf("%d strikes more for a password that is known to be lost", n)
		}
		s.platform.SetPassword("from-support-1")
		fromSupport := session.Credentials{Username: s.platform.Username(), Password: session.NewSecret("from-support-1")}
		if err := filestore.Credentials(s.file).Save(t.Context(), fromSupport); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(20 * time.Minute) // a reset that was on its way cannot arrive any more
	err := login(t, c)
	if record, _ := s.record(t); lost && len(record.Strikes) >= ledger.Limit && errors.Is(err, session.ErrLatched) {
		// Kill upon kill has used the strikes up. Support has just unlocked the account, and a person says so.
		if err := c.Rearm(t.Context(), session.CounterCleared); err != nil {
			t.Error(err)
		}
		err = login(t, c)
	}
	if err != nil {
		t.Errorf("afterwards: %v", err)
	}
	before := s.platform.Password()
	if _, err := c.ResetPassword(t.Context()); err != nil {
		t.Errorf("the next rotation: %v", err)
	}
	if now := s.platform.Password(); now == before || now != s.password() {
		t.Error("the next rotation did not change the password, or did not save it")
	}
	if err := login(t, c); err != nil {
		t.Errorf("after the next rotation: %v", err)
	}
	status, err := c.Status(context.WithoutCancel(t.Context()))
	if err != nil || status.Strikes != 0 || status.Latched || status.Rotation != session.RotationNone || status.Pending {
		t.Errorf("after all: %+v, %v", status, err)
	}
	s.tidy(t)
}

// tidy checks that nothing is left lying about and nothing else of the person's file was lost.
func (s *stage) tidy(t *testing.T) {
	t.Helper()
	for _, dir := range []string{s.dir, filepath.Dir(s.file)} {
		if left, err := filepath.Glob(filepath.Join(dir, ".*.tmp")); err != nil || len(left) != 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	}
	if text, err := os.ReadFile(s.file); err != nil || !bytes.Contains(text, []byte(`"note"`)) {
		t.Errorf("an unknown field of the credentials was lost, or %v", err)
	}
}
