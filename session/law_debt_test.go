package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// unrecorded is a client whose login was refused while the store took nothing; heal mends the store.
func unrecorded(t *testing.T) (p *sessiontest.Server, c *session.Client, heal func()) {
	t.Helper()
	p = sessiontest.New(t)
	faulty := storetest.NewFaulty(p.Store())
	cfg := p.Config()
	cfg.Store = faulty
	c = mustClient(t, cfg)
	p.Credentials().Set(p.Username(), "wrong-1")
	p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: time.Second})
	broken := make(chan func(), 1)
	time.AfterFunc(time.Second/2, func() { broken <- faulty.Inject(storetest.Fault{Times: -1}) })
	_, err := c.Token(t.Context())
	wantIs(t, err, session.ErrCredentialsRefused)
	return p, c, <-broken
}

func wantRefused(t *testing.T, p *sessiontest.Server) {
	t.Helper()
	if s := mustStatus(t, p.Client(t)); len(s.Attempts) != 1 || s.Attempts[0].State != session.AttemptRefused || s.Pending {
		t.Errorf("the record says %+v; want one refused attempt", s)
	}
}

func TestAnAnswerThatCouldNotBeRecordedIsRecordedWhenTheStoreIsBack(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p, _, heal := unrecorded(t)
		time.Sleep(10 * time.Minute)
		if s := mustStatus(t, p.Client(t)); s.Attempts[0].State != session.AttemptPending {
			t.Fatalf("the record says %+v while the store takes nothing", s)
		}
		heal()
		time.Sleep(2 * time.Minute) // nobody asks this client for anything
		wantRefused(t, p)
	})
}

func TestCloseRecordsWhatCouldNotBeRecorded(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p, c, heal := unrecorded(t)
		heal()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, p)
	})
}

// deaf answers nothing once it is armed, whatever becomes of the context, until it is let go.
type deaf struct {
	session.Store
	armed bool
	let   chan struct{}
}

func (d *deaf) Load(ctx context.Context, key string) ([]byte, error) {
	if d.armed {
		<-d.let
		return nil, errors.New("let go")
	}
	return d.Store.Load(ctx, key)
}

func TestCloseDoesNotWaitForEverForAStoreThatHeedsNoContext(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		store := &deaf{Store: cfg.Store, let: make(chan struct{})}
		cfg.Store = store
		c := mustClient(t, cfg)
		mustToken(t, c)
		store.armed = true
		mustGet(t, c, p) // tells the store of the use, in the background
		began := time.Now()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("Close took %v", took)
		}
		close(store.let)
	})
}

func TestATokenHandedToRenewIsNotUsedAgainThoughTheRenewalFails(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		token := mustToken(t, c)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.ConnectionRefused, Times: 1})
		if _, err := c.Renew(t.Context(), token); err == nil {
			t.Fatal("the renewal did not fail")
		}
		time.Sleep(time.Minute)
		if again := mustToken(t, c); again.Reveal() == token.Reveal() {
			t.Error("the token that the platform refused is handed out again")
		}
	})
}

func TestALoginRefusedInsideARequestIsTheLoginsError(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Credentials().Set(p.Username(), "wrong-1")
		_, err := p.Client(t).HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
		var e *session.Error
		if !errors.As(err, &e) || e.Op != "login" {
			t.Errorf("%v; want an error of the login", err)
		}
	})
}
