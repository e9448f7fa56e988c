package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"iot.internal/thingspace/internal/faultmatrix"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

func TestWithoutTheStoreATokenInHandGoesOnWorkingAndNoLoginIsSent(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		faulty := storetest.NewFaulty(p.Store())
		cfg := p.Config()
		cfg.Store = faulty
		c := mustClient(t, cfg)
		mustGet(t, c, p)
		heal := faulty.Inject(storetest.Fault{Times: -1})
		for range 90 {
			mustGet(t, c, p)
			time.Sleep(time.Minute)
		}
		if n := p.Counters(); n.Logins != 1 {
			t.Fatalf("%d logins, want 1", n.Logins)
		}
		p.ExpireSessions()
		for range 10 {
			_, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
			wantIs(t, err, session.ErrStoreUnavailable)
			time.Sleep(time.Minute)
		}
		_, err := c.ResetPassword(t.Context())
		wantIs(t, err, session.ErrStoreUnavailable)
		wantIs(t, c.Logout(t.Context()), session.ErrStoreUnavailable)
		_, err = c.Status(t.Context())
		wantIs(t, err, session.ErrStoreUnavailable)
		if n := p.Counters(); n.Logins != 1 || n.Resets != 0 {
			t.Fatalf("%d logins and %d resets without the store, want none more", n.Logins-1, n.Resets)
		}
		heal()
		mustGet(t, c, p)
	})
}

// TestEveryOperationOfTheStoreMayFail breaks each operation of the store in turn, before and after it
// happened, under everything a client does. The errors are typed, the strikes are never fewer than
// the platform's, and everything heals.
func TestEveryOperationOfTheStoreMayFail(t *testing.T) {
	cases := 0
	for _, name := range []string{"login", "logout", "reset", "resource", "oauth"} {
		op := faultmatrix.Operations[name]
		for _, kind := range []storetest.Op{storetest.LoadOp, storetest.SwapOp} {
			for nth := 1; nth <= 12; nth++ {
				for _, after := range []bool{false, true} {
					for _, times := range []int{1, 3, 8} {
						cases++
						t.Run(fmt.Sprintf("%s/op%d/%d/after=%v/times=%d", name, kind, nth, after, times), func(t *testing.T) {
							virtually(t, func(t *testing.T) {
								breakStore(t, op, storetest.Fault{Op: kind, Nth: nth, After: after, Times: times})
							})
						})
					}
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

func breakStore(t *testing.T, op faultmatrix.Operation, f storetest.Fault) {
	p := sessiontest.New(t)
	faulty := storetest.NewFaulty(p.Store())
	cfg := p.Config()
	cfg.Store = faulty
	c := mustClient(t, cfg)
	mustGet(t, c, p)
	if op.On == sessiontest.Resource {
		p.ExpireSessions()
	}
	old := p.Password()
	heal := faulty.Inject(f)
	err := op.Run(t.Context(), c, p)
	var typed *session.Error
	var rotation *session.RotationError
	if err != nil && !errors.As(err, &typed) && !errors.As(err, &rotation) {
		t.Errorf("error %T %v is not typed", err, err)
	}
	heal()
	if n := p.Counters(); n.ResetsDone > 0 && rotation == nil && p.Credentials().Password() == old {
		t.Errorf("the password was changed and is not known: %v", err)
	}
	for range 20 {
		if err = faultmatrix.Request(t.Context(), c, p); err == nil {
			if _, err = c.Login(t.Context()); err == nil {
				break
			}
		}
		time.Sleep(time.Minute)
	}
	if err != nil {
		t.Errorf("it does not heal: %v", err)
	}
	if n := p.Counters(); n.MaxStrikes != 0 || n.Logins > 5 {
		t.Errorf("%d strikes, %d logins", n.MaxStrikes, n.Logins)
	}
}

func TestARefusalThatCouldNotBeRecordedIsNotRepeatedByThisProcess(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		faulty := storetest.NewFaulty(p.Store())
		cfg := p.Config()
		cfg.Store = faulty
		c := mustClient(t, cfg)
		p.Credentials().Set(p.Username(), "wrong-1")
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: time.Second})
		broken := make(chan func(), 1)
		time.AfterFunc(time.Second/2, func() { broken <- faulty.Inject(storetest.Fault{Times: -1}) })
		_, err := c.Token(t.Context())
		wantIs(t, err, session.ErrCredentialsRefused)
		for range 5 {
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrStoreUnavailable)
			time.Sleep(time.Minute)
		}
		(<-broken)()
		for range 5 {
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrLatched)
			_, err = p.Client(t).Token(t.Context())
			wantIs(t, err, session.ErrLatched)
		}
		if n := p.Counters(); n.Logins != 1 {
			t.Errorf("%d logins, want 1", n.Logins)
		}
	})
}

func TestAnUnreadableRecordIsNoPermissionToLogIn(t *testing.T) {
	for name, content := range map[string]string{
		"half written":  `{"version":1,"strikes":[{"id":"a","sta`,
		"empty":         "",
		"foreign":       "GIF89a",
		"later version": `{"version":2}`,
		"no version":    `{"strikes":[]}`,
		"null":          "null",
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				key := recordKey(t, p)
				if ok, err := p.Store().Swap(t.Context(), key, nil, []byte(content)); !ok || err != nil {
					t.Fatal(ok, err)
				}
				c := p.Client(t)
				_, err := c.Token(t.Context())
				wantIs(t, err, session.ErrStoreUnavailable)
				if n := p.Counters(); n.Requests-n.OAuth != 0 {
					t.Errorf("%d requests were sent", n.Requests)
				}
				err = c.Rearm(t.Context(), session.CounterCleared)
				if name == "later version" {
					wantIs(t, err, session.ErrStoreUnavailable)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				mustGet(t, c, p)
			})
		})
	}
}

// recordKey finds out under which key the client keeps its record.
func recordKey(t *testing.T, p *sessiontest.Server) string {
	t.Helper()
	spy := &keySpy{Store: session.NewMemoryStore()}
	cfg := p.Config()
	cfg.Store = spy
	_, _ = mustClient(t, cfg).Status(t.Context())
	return spy.key
}

type keySpy struct {
	session.Store
	key string
}

func (k *keySpy) Load(ctx context.Context, key string) ([]byte, error) {
	k.key = key
	return k.Store.Load(ctx, key)
}

func TestTokensInTheStoreAreUselessWithoutTheApplicationSecret(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		token := mustToken(t, c)
		headers, _ := c.Headers(t.Context())
		if _, err := c.ResetPassword(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw, err := p.Store().Load(t.Context(), recordKey(t, p))
		if err != nil || raw == nil {
			t.Fatal(raw, err)
		}
		for _, secret := range []string{token.Reveal(), headers.Get("Authorization")[7:], p.Password(), sessiontest.DefaultPassword, sessiontest.DefaultSecret, p.Username()} {
			if contains(raw, secret) {
				t.Errorf("the record holds %q", secret)
			}
		}
		cfg := p.Config()
		cfg.Application.Secret = session.NewSecret("another-secret")
		other := mustClient(t, cfg)
		if s := mustStatus(t, other); s.Session.Readable || s.Bearer.Present {
			t.Error("another application secret opens the tokens")
		}
	})
}

func contains(raw []byte, s string) bool {
	for i := 0; i+len(s) <= len(raw); i++ {
		if string(raw[i:i+len(s)]) == s {
			return true
		}
	}
	return false
}

func TestTheFileStoreServesSuccessiveProcesses(t *testing.T) {
	dir := t.TempDir()
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		for range 5 {
			cfg := p.Config()
			cfg.Store = filestore.New(dir)
			c := mustClient(t, cfg)
			mustGet(t, c, p)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if n := p.Counters(); n.Logins != 1 || n.OAuth != 1 || n.Requests != 7 {
			t.Errorf("%d logins, %d OAuth calls, %d requests; want 1, 1, 7", n.Logins, n.OAuth, n.Requests)
		}
	})
}
