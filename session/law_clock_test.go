package session_test

import (
	"context"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// skewed is a store as a host sees it whose clock is ahead by so much.
type skewed struct {
	session.Store

	ahead time.Duration
}

var timestamp = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

// shifted is a record with every time in it moved.
func shifted(record []byte, by time.Duration) []byte {
	if record == nil {
		return nil
	}
	return timestamp.ReplaceAllFunc(record, func(text []byte) []byte {
		at, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			panic(err)
		}
		return []byte(at.Add(by).Format(time.RFC3339Nano))
	})
}

func (s skewed) Load(ctx context.Context, key string) ([]byte, error) {
	record, err := s.Store.Load(ctx, key)
	return shifted(record, -s.ahead), err
}

func (s skewed) Swap(ctx context.Context, key string, old, next []byte) (bool, error) {
	return s.Store.Swap(ctx, key, shifted(old, s.ahead), shifted(next, s.ahead))
}

func TestAClockThatJumpsLocksNobodyOut(t *testing.T) {
	virtually(t, func(t *testing.T) {
		for _, jump := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
			p := sessiontest.New(t)
			c := p.Client(t)
			mustGet(t, c, p)
			p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Drop, Times: 1})
			_, _ = c.Login(t.Context())
			// The record was written by a host whose clock is far off.
			key := recordKey(t, p)
			raw, err := p.Store().Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := p.Store().Swap(t.Context(), key, raw, shifted(raw, jump)); !ok || err != nil {
				t.Fatal(ok, err)
			}
			other := p.Client(t)
			for range 10 {
				if _, err := other.Login(t.Context()); err == nil {
					break
				}
				time.Sleep(10 * time.Minute)
			}
			mustGet(t, other, p)
			if n := p.Counters(); n.MaxStrikes != 0 || n.Logins > 4 {
				t.Errorf("jump %v: %d strikes, %d logins", jump, n.MaxStrikes, n.Logins)
			}
		}
	})
}

// Leases are watched by each process's own clock; what the wall clocks of two hosts say of one another
// must not end a rotation that is under way, not even if one of them is in the wrong time zone.
func TestG4ARotationByAHostWithAWrongClockIsWaitedFor(t *testing.T) {
	for _, ahead := range []time.Duration{-14 * time.Hour, -time.Hour, time.Hour, 14 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				cfg := p.Config()
				cfg.Store = skewed{cfg.Store, ahead}
				wrong := mustClient(t, cfg)
				mustToken(t, wrong)
				p.Inject(sessiontest.Fault{On: onReset, Kind: sessiontest.Slow, Acted: true, Delay: 20 * time.Second})
				done := make(chan error, 1)
				go func() { _, err := wrong.ResetPassword(t.Context()); done <- err }()
				time.Sleep(5 * time.Second)
				right := p.Client(t)
				if _, err := right.Login(t.Context()); err != nil {
					t.Errorf("another host: %v", err)
				}
				if err := <-done; err != nil {
					t.Errorf("the rotation: %v", err)
				}
				if n := p.Counters(); n.MaxStrikes != 0 {
					t.Errorf("%d strikes", n.MaxStrikes)
				}
				mustAgree(t, p, session.NewSecret(p.Credentials().Password()))
			})
		})
	}
}

// cell is where a password is kept.
type cell struct {
	mu   sync.Mutex
	held session.Credentials
}

func (c *cell) get() session.Credentials { c.mu.Lock(); defer c.mu.Unlock(); return c.held }

func (c *cell) set(held session.Credentials) { c.mu.Lock(); defer c.mu.Unlock(); c.held = held }

// plainSaver saves into a cell, and cannot compare first.
type plainSaver struct {
	*cell

	fails error // to save another password than the one that is there
	slow  time.Duration
}

func (s plainSaver) Load(context.Context) (session.Credentials, error) { return s.get(), nil }

func (s plainSaver) Save(_ context.Context, c session.Credentials) error {
	if s.fails != nil && c.Password.Reveal() != s.get().Password.Reveal() {
		return s.fails
	}
	time.Sleep(s.slow)
	s.set(c)
	return nil
}

// However long ago the reset was: whoever saves what it left is given the time for it.
func TestG4WhoFinishesAnOldRotationIsNotOvertaken(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		kept := &cell{held: session.Credentials{Username: p.Username(), Password: session.NewSecret(p.Password())}}
		with := func(s plainSaver) *session.Client {
			cfg := p.Config()
			s.cell = kept
			cfg.Credentials = s
			return mustClient(t, cfg)
		}
		if _, err := with(plainSaver{fails: syscall.ENOSPC}).ResetPassword(t.Context()); err == nil {
			t.Fatal("no error")
		}
		p.ExpireSessions()
		time.Sleep(48 * time.Hour) // the disk is full for two days
		done := make(chan error, 1)
		go func() {
			_, err := with(plainSaver{slow: 20 * time.Second}).Login(t.Context())
			done <- err
		}()
		time.Sleep(time.Second)
		other := with(plainSaver{})
		if s := mustStatus(t, other); s.Rotation != session.RotationSaving || !s.RotationEnds.After(time.Now()) {
			t.Errorf("%s until %v", s.Rotation, s.RotationEnds)
		}
		if _, err := other.ResetPassword(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if kept.get().Password.Reveal() != p.Password() {
			t.Error("the password that is saved is not in force")
		}
	})
}
