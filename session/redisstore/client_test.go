//go:build unix

package redisstore_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/sessiontest"
)

// fleet is a platform and clients of it, each with a store of its own on one server, like processes on
// different hosts.
type fleet struct {
	t        *testing.T
	platform *sessiontest.Server
	server   *redistest.Server
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	return &fleet{t, sessiontest.New(t), redistest.Start(t, redistest.Safe...)}
}

func (f *fleet) client(url string, options ...redisstore.Option) *session.Client {
	f.t.Helper()
	cfg := f.platform.Config()
	cfg.CallTimeout = 2 * time.Second // a claim lapses after twice that
	cfg.Store = open(f.t, url, options...)
	client, err := session.New(cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := client.Close(); err != nil {
			f.t.Log("Close:", err)
		}
	})
	return client
}

// call makes a request with the session in hand.
func (f *fleet) call(client *session.Client) error {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.platform.BaseURL()+"/m2m/v1/accounts/"+f.platform.Account(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := client.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func (f *fleet) mustCall(client *session.Client) {
	f.t.Helper()
	if err := f.call(client); err != nil {
		f.t.Fatal(err)
	}
}

func TestFleetSharesOneLogin(t *testing.T) {
	f := newFleet(t)
	f.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 200 * time.Millisecond})
	var wg sync.WaitGroup
	for range 20 {
		client := f.client(f.server.URL())
		wg.Go(func() {
			if err := f.call(client); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := f.platform.Counters(); c.Logins != 1 {
		t.Errorf("%d logins", c.Logins)
	}
}

func TestFleetSpendsOneStrikeOnAWrongPassword(t *testing.T) {
	f := newFleet(t)
	f.platform.SetPassword("changed")
	var wg sync.WaitGroup
	for range 20 {
		client := f.client(f.server.URL())
		wg.Go(func() {
			if err := f.call(client); !errors.Is(err, session.ErrCredentialsRefused) && !errors.Is(err, session.ErrLatched) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := f.platform.Counters(); c.Logins != 1 || c.Strikes != 1 {
		t.Errorf("%d logins, %d strikes", c.Logins, c.Strikes)
	}
}

func TestTokenInHandOutlivesTheServerAndLoginsDoNot(t *testing.T) {
	f := newFleet(t)
	client, other := f.client(f.server.URL()), f.client(f.server.URL())
	f.mustCall(client)
	f.server.Kill()
	f.mustCall(client)
	if err := f.call(other); !errors.Is(err, session.ErrStoreUnavailable) {
		t.Fatalf("a login without the store: %v", err)
	}
	f.platform.ExpireSessions()
	if err := f.call(client); !errors.Is(err, session.ErrStoreUnavailable) {
		t.Fatalf("a renewal without the store: %v", err)
	}
	if c := f.platform.Counters(); c.Logins != 1 {
		t.Errorf("%d logins", c.Logins)
	}
	f.server.Restart()
	f.mustCall(client)
	f.mustCall(other)
	if c := f.platform.Counters(); c.Logins != 2 || c.MaxStrikes != 0 {
		t.Errorf("%d logins, %d strikes", c.Logins, c.MaxStrikes)
	}
}

func TestLoginIsRefusedForEveryTroubleOfTheServer(t *testing.T) {
	for name, trouble := range map[string]struct {
		make, mend func(*redistest.Server)
		is         error
	}{
		"full": {
			func(s *redistest.Server) { s.MustDo("CONFIG", "SET", "maxmemory", "1") },
			func(s *redistest.Server) { s.MustDo("CONFIG", "SET", "maxmemory", "0") },
			redisstore.ErrFull,
		},
		"replica": {
			func(s *redistest.Server) { s.MustDo("REPLICAOF", "127.0.0.1", "1") },
			func(s *redistest.Server) { s.MustDo("REPLICAOF", "NO", "ONE") },
			redisstore.ErrReadOnly,
		},
		"password": {
			func(s *redistest.Server) {
				s.Kill()
				s.Reconfigure(append([]string{"requirepass", "other"}, redistest.Safe...)...)
			},
			func(s *redistest.Server) { s.Kill(); s.Reconfigure(redistest.Safe...) },
			redisstore.ErrDenied,
		},
		"silent": {(*redistest.Server).Pause, (*redistest.Server).Resume, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			client := f.client(f.server.URL(), redisstore.WithTimeout(time.Second))
			f.mustCall(client)
			trouble.make(f.server)
			f.mustCall(client)
			f.platform.ExpireSessions()
			if err := f.call(client); !errors.Is(err, session.ErrStoreUnavailable) || !errors.Is(err, trouble.is) {
				t.Errorf("a login: %v", err)
			}
			trouble.mend(f.server)
			eventually(t, "it heals", func() bool { return f.call(client) == nil })
			if c := f.platform.Counters(); c.Logins != 2 || c.MaxStrikes != 0 {
				t.Errorf("%d logins, %d strikes", c.Logins, c.MaxStrikes)
			}
		})
	}
}

func TestServerPausedWhileALoginIsReservedClaimsNothing(t *testing.T) {
	f := newFleet(t)
	relay := redistest.NewRelay(t, f.server.Addr())
	client, other := f.client(relay.URL(), redisstore.WithTimeout(500*time.Millisecond)), f.client(f.server.URL())
	f.mustCall(client) // the bearer is there from now on
	if err := client.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	struck := relay.Before(`"lease"`, f.server.Pause)
	if err := f.call(client); !errors.Is(err, session.ErrStoreUnavailable) {
		t.Error(err)
	}
	<-struck
	f.server.Resume()
	start := time.Now()
	eventually(t, "it heals", func() bool { return f.call(client) == nil && f.call(other) == nil })
	// A claim that nobody holds would have to lapse first, which takes four seconds.
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the fleet was held up for %s", took)
	}
	if c := f.platform.Counters(); c.Logins != 2 || c.MaxStrikes != 0 {
		t.Errorf("%d logins, %d strikes", c.Logins, c.MaxStrikes)
	}
}

func TestServerPausedInTheMiddleOfALogin(t *testing.T) {
	t.Parallel() // it waits for limits of the client to pass
	f := newFleet(t)
	client, other := f.client(f.server.URL(), redisstore.WithTimeout(time.Second)), f.client(f.server.URL(), redisstore.WithTimeout(time.Second))
	f.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Times: 1, Kind: sessiontest.Slow, Delay: 500 * time.Millisecond})
	answered := make(chan error, 1)
	go func() { answered <- f.call(client) }()
	eventually(t, "the login is under way", func() bool { return f.platform.Counters().Logins == 1 })
	f.server.Pause()
	// The platform accepts it, and the answer cannot be recorded: it serves this process all the same.
	if err := <-answered; err != nil {
		t.Errorf("the login's answer: %v", err)
	}
	f.server.Resume()
	eventually(t, "it heals", func() bool { return f.call(other) == nil })
	f.mustCall(client)
	if c := f.platform.Counters(); c.Logins > 2 || c.MaxStrikes != 0 {
		t.Errorf("%d logins, %d strikes", c.Logins, c.MaxStrikes)
	}
}

func TestReservationWhoseAnswerIsLostIsUsed(t *testing.T) {
	f := newFleet(t)
	relay := redistest.NewRelay(t, f.server.Addr())
	client := f.client(relay.URL())
	for name, cut := range map[string]func(string) <-chan struct{}{"before": relay.CutBefore, "after": relay.CutAfter} {
		before := f.platform.Counters().Logins
		struck := cut("\"lease\"")
		err := f.call(client)
		<-struck
		if err != nil && !errors.Is(err, session.ErrStoreUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "after" && err != nil {
			t.Errorf("a reservation that was made is not used: %v", err)
		}
		f.mustCall(client)
		if n := f.platform.Counters().Logins - before; n != 1 {
			t.Errorf("%s: %d logins", name, n)
		}
		if err := client.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWaiterHearsOfTheSessionAtOnce(t *testing.T) {
	f := newFleet(t)
	first, second := f.client(f.server.URL()), f.client(f.server.URL())
	const login = 700 * time.Millisecond
	f.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: login})
	done := make(chan time.Time, 2)
	for _, client := range []*session.Client{first, second} {
		go func() {
			if err := f.call(client); err != nil {
				t.Error(err)
			}
			done <- time.Now()
		}()
	}
	a, b := <-done, <-done
	if f.platform.Counters().Logins != 1 {
		t.Errorf("%d logins", f.platform.Counters().Logins)
	}
	// Polling alone would be a second or more behind, seldom less than a tenth.
	if late := b.Sub(a); late > time.Second {
		t.Errorf("the waiter was %s behind", late)
	} else {
		t.Logf("the waiter was %s behind", late)
	}
}
