package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// virtually runs a test in a bubble, where time passes only when everybody waits.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// get asks for the account and returns status and body.
func get(t *testing.T, c *session.Client, p *sessiontest.Server) (int, string) {
	t.Helper()
	resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET: reading the body: %v", err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, string(body)
}

func mustGet(t *testing.T, c *session.Client, p *sessiontest.Server) {
	t.Helper()
	if status, body := get(t, c, p); status != http.StatusOK {
		t.Fatalf("GET: status %d: %s", status, body)
	}
}

func mustToken(t *testing.T, c *session.Client) session.Token {
	t.Helper()
	token, err := c.Token(t.Context())
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	return token
}

func mustClient(t *testing.T, cfg session.Config) *session.Client {
	t.Helper()
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error %v, want one that is %q", err, target)
	}
}

func TestFirstRequestGetsBothTokensAndIsAnswered(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		mustGet(t, c, p)
		n := p.Counters()
		if n.Logins != 1 || n.OAuth != 1 || n.Resources != 2 {
			t.Errorf("%d logins, %d OAuth calls, %d requests; want 1, 1, 2", n.Logins, n.OAuth, n.Resources)
		}
		if n.MisplacedSecrets != 0 || n.Cookies != 0 {
			t.Errorf("%d misplaced secrets, %d cookies", n.MisplacedSecrets, n.Cookies)
		}
	})
}

func TestG1RefusedPasswordIsNeverSentAgain(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Credentials().Set(p.Username(), "wrong-1")
		first := p.Client(t)
		_, err := first.Token(t.Context())
		wantIs(t, err, session.ErrCredentialsRefused)
		var e *session.Error
		if !errors.As(err, &e) || e.Op != "login" || e.StatusCode != 400 || e.Code == "" || strings.Contains(e.Code, "UnifiedWebService") {
			t.Errorf("error %#v, want Op login, status 400 and a code without the service", e)
		}
		second := p.Client(t) // another process with the same store
		for _, c := range []*session.Client{first, second} {
			for range 10 {
				_, err := c.Token(t.Context())
				wantIs(t, err, session.ErrLatched)
				_, err = c.Login(t.Context())
				wantIs(t, err, session.ErrLatched)
				time.Sleep(10 * time.Minute)
			}
		}
		if n := p.Counters(); n.Logins != 1 || n.Strikes != 1 {
			t.Errorf("%d logins, %d strikes; want 1, 1", n.Logins, n.Strikes)
		}
		// A rotated secret re-arms by itself.
		p.Credentials().Set(p.Username(), p.Password())
		mustGet(t, second, p)
	})
}

func TestG1DifferentWrongPasswordsStopAtThree(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		for i := range 10 {
			p.Credentials().Set(p.Username(), fmt.Sprint("wrong-", i))
			if _, err := c.Token(t.Context()); i >= 3 {
				wantIs(t, err, session.ErrLatched)
			} else {
				wantIs(t, err, session.ErrCredentialsRefused)
			}
		}
		p.Credentials().Set(p.Username(), p.Password())
		_, err := c.Token(t.Context())
		wantIs(t, err, session.ErrLatched)
		if n := p.Counters(); n.Logins != 3 || n.Locked {
			t.Fatalf("%d logins, locked %v; want 3, false", n.Logins, n.Locked)
		}
		// A person looks, and allows one.
		if err := c.Rearm(t.Context(), session.OneAttempt); err != nil {
			t.Fatal(err)
		}
		mustGet(t, c, p)
		if s := mustStatus(t, c); s.Strikes != 0 || s.Latched {
			t.Errorf("after a success %d strikes, latched %v", s.Strikes, s.Latched)
		}
	})
}

func TestG1RearmNeverAllowsAFifthStrike(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		for i := range 4 {
			p.Credentials().Set(p.Username(), fmt.Sprint("wrong-", i))
			if i == 3 {
				if err := c.Rearm(t.Context(), session.OneAttempt); err != nil {
					t.Fatal(err)
				}
			}
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrCredentialsRefused)
		}
		wantIs(t, c.Rearm(t.Context(), session.OneAttempt), session.ErrLatched)
		if n := p.Counters(); n.Strikes != 4 || n.Locked {
			t.Fatalf("%d strikes, locked %v; want 4, false", n.Strikes, n.Locked)
		}
		// Support clears the counter.
		p.Unlock()
		if err := c.Rearm(t.Context(), session.CounterCleared); err != nil {
			t.Fatal(err)
		}
		p.Credentials().Set(p.Username(), p.Password())
		mustGet(t, c, p)
	})
}

func TestG1AnOutageCostsOneStrikeHoweverLong(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login, sessiontest.Logout}, Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML})
		_, err := c.Token(t.Context())
		var e *session.Error
		if !errors.As(err, &e) || e.StatusCode != 503 || e.RetryAfter <= 0 {
			t.Fatalf("error %v, want status 503 and a time to wait", err)
		}
		for range 100 {
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrBackoff)
			if !errors.As(err, &e) || e.RetryAfter <= 0 || e.RetryAfter > 5*time.Minute {
				t.Fatalf("RetryAfter %v, want up to five minutes", e.RetryAfter)
			}
			time.Sleep(e.RetryAfter + time.Second)
		}
		if n := p.Counters(); n.Logins != 1 {
			t.Errorf("%d logins during the outage, want 1", n.Logins)
		}
		p.ClearFaults()
		time.Sleep(5 * time.Minute)
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 2 {
			t.Errorf("%d logins, want 2", n.Logins)
		}
	})
}

func TestG1WhatNeverReachedThePlatformCostsNoStrike(t *testing.T) {
	for _, kind := range []sessiontest.Kind{sessiontest.NoSuchHost, sessiontest.ConnectionRefused, sessiontest.BadCertificate} {
		t.Run(string(kind), func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				c := p.Client(t)
				p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: kind, Times: 1})
				if _, err := c.Token(t.Context()); err == nil {
					t.Fatal("no error")
				}
				if s := mustStatus(t, c); s.Strikes != 0 || !s.ProbeOwed {
					t.Errorf("%d strikes, probe owed %v; want 0, true", s.Strikes, s.ProbeOwed)
				}
				time.Sleep(10 * time.Second)
				mustGet(t, c, p)
			})
		})
	}
}

func TestG1WithoutTheProbeAPersonMustRearm(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.NoProbe = true
		c := mustClient(t, cfg)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Drop, Acted: true, Times: 1})
		if _, err := c.Token(t.Context()); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(time.Hour)
		_, err := c.Token(t.Context())
		wantIs(t, err, session.ErrLatched)
		if err := c.Rearm(t.Context(), session.OneAttempt); err != nil {
			t.Fatal(err)
		}
		mustGet(t, c, p)
	})
}

func TestG2AnyNumberOfCallersMakeOneLogin(t *testing.T) {
	const callers = 10_000
	for _, name := range []string{"cold", "expired", "refused"} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 100 * time.Millisecond})
				c := p.Client(t)
				before := 0
				if name != "cold" {
					mustGet(t, c, p)
					before = 1
				}
				switch name {
				case "expired":
					time.Sleep(21 * time.Minute)
				case "refused":
					p.ExpireSessions()
				}
				var wg sync.WaitGroup
				var mu sync.Mutex
				failed := 0
				for range callers {
					wg.Go(func() {
						resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
						if err == nil {
							_ = resp.Body.Close()
						}
						if err != nil || resp.StatusCode != http.StatusOK {
							mu.Lock()
							failed++
							mu.Unlock()
						}
					})
				}
				wg.Wait()
				n := p.Counters()
				if n.Logins != before+1 || failed != 0 {
					t.Errorf("%d logins, %d failed requests; want %d, 0", n.Logins, failed, before+1)
				}
				t.Logf("%s: %d callers, %d logins, %d requests, %d OAuth calls, %d failed", name, callers, n.Logins, n.Resources, n.OAuth, failed)
			})
		})
	}
}

func TestG2ProcessesThatShareAStoreMakeOneLogin(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: time.Second})
		var wg sync.WaitGroup
		for range 100 {
			c := p.Client(t)
			wg.Go(func() {
				if _, err := c.Token(t.Context()); err != nil {
					t.Errorf("Token: %v", err)
				}
			})
		}
		wg.Wait()
		if n := p.Counters(); n.Logins != 1 || n.OAuth != 1 {
			t.Errorf("%d logins, %d OAuth calls; want 1, 1", n.Logins, n.OAuth)
		}
	})
}

func TestG2StaleRefusalDoesNotDiscardANewerSession(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		old := mustToken(t, c)
		p.ExpireSessions()
		for range 20 {
			next, err := c.Renew(t.Context(), old)
			if err != nil {
				t.Fatal(err)
			}
			if next.Reveal() == old.Reveal() {
				t.Fatal("Renew returned the refused token")
			}
			time.Sleep(5 * time.Millisecond)
		}
		if n := p.Counters(); n.Logins != 2 {
			t.Errorf("%d logins, want 2", n.Logins)
		}
	})
}

func TestLoginIsAlwaysANewSessionAndConcurrentCallsShareOne(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: time.Second})
		c := p.Client(t)
		before := mustToken(t, c)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				after, err := c.Login(t.Context())
				if err != nil || after.Reveal() == before.Reveal() {
					t.Errorf("Login: %v, a new token: %v", err, after.Reveal() != before.Reveal())
				}
			})
		}
		wg.Wait()
		if n := p.Counters(); n.Logins != 2 {
			t.Errorf("%d logins, want 2", n.Logins)
		}
	})
}

func TestG5LeaderCancelledFailsNobody(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: time.Minute / 3})
		c := p.Client(t)
		leader, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			started := time.Now()
			_, err := c.Token(leader)
			wantErr(t, err, context.DeadlineExceeded)
			if d := time.Since(started); d != 10*time.Millisecond {
				t.Errorf("the leader was freed after %v, want 10ms", d)
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if _, err := c.Token(t.Context()); err != nil {
					t.Errorf("a waiter failed: %v", err)
				}
			})
		}
		wg.Wait()
		if n := p.Counters(); n.Logins != 1 {
			t.Errorf("%d logins, want 1", n.Logins)
		}
	})
}

func wantErr(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want one that is %q", err, target)
	}
}

func mustStatus(t *testing.T, c *session.Client) session.Status {
	t.Helper()
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatalf("Status: %v", err)
	}
	return s
}

func TestG2ADeadHoldersLeaseIsTakenOver(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Drop, Acted: false, Times: 1})
		// A store that stops answering right after the claim is what a dead process looks like.
		cfg := p.Config()
		mortal := &mortalStore{Store: p.Store()}
		cfg.Store = mortal
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 20 * time.Second, Times: 1})
		dead := mustClient(t, cfg)
		go func() {
			time.Sleep(time.Second / 2)
			mortal.kill()
		}()
		go func() { _, _ = dead.Token(t.Context()) }()
		time.Sleep(time.Second)

		c := p.Client(t)
		started := time.Now()
		_, err := c.Token(t.Context())
		var e *session.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 {
			t.Fatalf("error %v, want back-off: the dead one's login may have counted", err)
		}
		if d := time.Since(started); d > 2*time.Minute {
			t.Errorf("the lease was given up after %v", d)
		}
		time.Sleep(e.RetryAfter)
		mustGet(t, c, p)
	})
}

// mortalStore can be killed: then nothing it is asked for happens any more.
type mortalStore struct {
	session.Store
	mu   sync.Mutex
	dead bool
}

var errDead = errors.New("the store is gone")

func (m *mortalStore) kill() { m.mu.Lock(); m.dead = true; m.mu.Unlock() }

func (m *mortalStore) isDead() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.dead }

func (m *mortalStore) Load(ctx context.Context, key string) ([]byte, error) {
	if m.isDead() {
		return nil, errDead
	}
	return m.Store.Load(ctx, key)
}

func (m *mortalStore) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	if m.isDead() {
		return false, errDead
	}
	return m.Store.Swap(ctx, key, old, new)
}

func TestWhatThePlatformWouldRefuseIsNotSent(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		for _, bad := range []session.Credentials{
			{Username: "zbeeble'brox", Password: session.NewSecret("IMgr8")},
			{Username: "zbeeble<brox", Password: session.NewSecret("IMgr8")},
			{Username: p.Username(), Password: session.NewSecret(`IM\gr8`)},
			{Username: p.Username(), Password: session.NewSecret("IM'gr8")},
			{Username: p.Username(), Password: session.NewSecret("IM\x00gr8")},
			{Username: p.Username(), Password: session.NewSecret("IM\xffgr8")},
		} {
			p.Credentials().Set(bad.Username, bad.Password.Reveal())
			_, err := p.Client(t).Token(t.Context())
			wantIs(t, err, session.ErrInvalidCharacter)
		}
		for _, blank := range []session.Credentials{{}, {Username: p.Username()}, {Username: p.Username(), Password: session.NewSecret("  ")}} {
			p.Credentials().Set(blank.Username, blank.Password.Reveal())
			if _, err := p.Client(t).Token(t.Context()); err == nil {
				t.Error("no error for missing credentials")
			}
		}
		if n := p.Counters(); n.Requests != 0 {
			t.Errorf("%d requests were sent", n.Requests)
		}
	})
}

func TestTheCallersTraceDoesNotSeeTheLogin(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			WroteHeaderField: func(key string, _ []string) { t.Errorf("the hook saw %s", key) },
			GotConn:          func(httptrace.GotConnInfo) { t.Error("the hook saw a connection") },
		})
		if _, err := c.Token(ctx); err != nil {
			t.Fatal(err)
		}
	})
}
