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
