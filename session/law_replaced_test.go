package session_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// replaced is a store whose content can be lost, as that of a directory that was removed.
type replaced struct {
	mu    sync.Mutex
	now   session.Store
	loads atomic.Int32
}

func (r *replaced) store() session.Store {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *replaced) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = session.NewMemoryStore()
}

func (r *replaced) Load(ctx context.Context, key string) ([]byte, error) {
	r.loads.Add(1)
	return r.store().Load(ctx, key)
}

func (r *replaced) Swap(ctx context.Context, key string, before, after []byte) (bool, error) {
	return r.store().Swap(ctx, key, before, after)
}

func TestG8ARecordThatCountsFromTheBeginningCostsNothingForEver(t *testing.T) {
	virtually(t, func(t *testing.T) {
		store := &replaced{now: session.NewMemoryStore()}
		p := sessiontest.New(t, sessiontest.WithStore(store))
		c := p.Client(t)
		for range 5 {
			if _, err := c.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		mustGet(t, c, p)
		store.lose()
		time.Sleep(25 * time.Minute) // a quiet night
		mustGet(t, c, p)
		time.Sleep(2 * time.Second)
		logins, loads := p.Counters().Logins, store.loads.Load()
		for range 3600 {
			mustGet(t, c, p)
			time.Sleep(time.Second)
		}
		if n := p.Counters().Logins - logins; n != 0 {
			t.Errorf("%d logins in an hour of steady use", n)
		}
		if n := store.loads.Load() - loads; n > 70 {
			t.Errorf("%d loads in an hour, want one a minute", n)
		}
	})
}
