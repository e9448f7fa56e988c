package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// keyed remembers under which key there was a look.
type keyed struct {
	session.Store
	key string
}

func (k *keyed) Load(ctx context.Context, key string) ([]byte, error) {
	k.key = key
	return k.Store.Load(ctx, key)
}

// An attempt may be allowed at three strikes, and an answer that comes late list the fourth.
func TestStatusSaysLatchedAtFourStrikesThoughAnAttemptWasAllowed(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		store := &keyed{Store: session.NewMemoryStore()}
		cfg := p.Config()
		cfg.Store = store
		c := mustClient(t, cfg)
		for strikes, want := range []bool{3: false, 4: true} {
			if strikes < 3 {
				continue
			}
			mustStatus(t, c)
			before, err := store.Load(t.Context(), store.key)
			if err != nil {
				t.Fatal(err)
			}
			r := ledger.Record{Seq: 4, OneAttempt: true}
			for n := range strikes {
				r.Strikes = append(r.Strikes, ledger.Strike{ID: fmt.Sprint(n), Seq: uint64(n), State: ledger.Refused, At: time.Now(), Over: 4})
			}
			record, err := ledger.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			if swapped, err := store.Swap(t.Context(), store.key, before, record); err != nil || !swapped {
				t.Fatal(swapped, err)
			}
			if s := mustStatus(t, c); s.Latched != want || s.Strikes != strikes {
				t.Errorf("%d strikes and one attempt allowed: latched %v, want %v", s.Strikes, s.Latched, want)
			}
		}
		_, err := c.Login(t.Context())
		wantIs(t, err, session.ErrLatched)
	})
}

// Only one login is allowed; it must not be spent on a bearer that has been revoked meanwhile.
func TestALoginThatAPersonAllowedIsSentWithABearerThatServes(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustToken(t, c)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Drop, Times: 3})
		for range 3 {
			_, _ = c.Login(t.Context())
			time.Sleep(10 * time.Second)
		}
		if s := mustStatus(t, c); s.Strikes != 3 {
			t.Fatalf("%d strikes, want 3", s.Strikes)
		}
		for _, another := range []*session.Client{c, p.Client(t)} {
			p.ExpireBearers()
			if err := another.Rearm(t.Context(), session.OneAttempt); err != nil {
				t.Fatal(err)
			}
			if _, err := another.Login(t.Context()); err != nil {
				t.Errorf("the login that was allowed: %v", err)
			}
		}
		// Without the OAuth2 endpoint the bearer in hand is as good as any.
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.OAuth}, Kind: sessiontest.Status, Status: 503})
		if err := c.Rearm(t.Context(), session.OneAttempt); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Login(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
