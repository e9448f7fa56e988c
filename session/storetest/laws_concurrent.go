package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

const (
	workers    = 8
	increments = 15
	operations = 60
)

func everyHandle(t *testing.T, b *bench) {
	key := b.key()
	var current []byte
	handles := []session.Store{b.open(), b.open()}
	for i := range 10 {
		next := fmt.Appendf(nil, "value %d", i)
		swap(t, handles[i%len(handles)], key, current, next, true)
		handles = append(handles, b.open())
		for _, handle := range handles {
			holds(t, handle, key, next)
		}
		swap(t, handles[len(handles)-1], key, current, []byte("late"), false)
		current = next
	}
}

// together runs the workers at the same moment and waits for them.
func together(work func(worker int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for worker := range workers {
		wg.Go(func() {
			<-start
			work(worker)
		})
	}
	close(start)
	wg.Wait()
}

func concurrentOpens(t *testing.T, b *bench) {
	for range 5 {
		key := b.key()
		created := make([]bool, workers)
		handles := make([]session.Store, workers)
		together(func(worker int) {
			handles[worker] = b.open()
			var err error
			if created[worker], err = handles[worker].Swap(t.Context(), key, nil, []byte(strconv.Itoa(worker))); err != nil {
				t.Errorf("Swap: %v", err)
			}
		})
		var winners [][]byte
		for worker, ok := range created {
			if ok {
				winners = append(winners, []byte(strconv.Itoa(worker)))
			}
		}
		if len(winners) != 1 {
			t.Fatalf("%d of %d workers created the same record", len(winners), workers)
		}
		for _, handle := range handles {
			holds(t, handle, key, winners[0])
		}
	}
}

func noIncrementIsLost(t *testing.T, b *bench) {
	key := b.key()
	together(func(int) {
		store := b.open()
		for range increments {
			if err := increment(t.Context(), store, key); err != nil {
				t.Error(err)
				return
			}
		}
	})
	holds(t, b.open(), key, []byte(strconv.Itoa(workers*increments)))
}

func increment(ctx context.Context, store session.Store, key string) error {
	// Every vain try means that somebody else has succeeded.
	for range workers*increments + 1 {
		old, err := store.Load(ctx, key)
		if err != nil {
			return fmt.Errorf("Load: %w", err)
		}
		count := 0
		if old != nil {
			if count, err = strconv.Atoi(string(old)); err != nil {
				return fmt.Errorf("Load = %s, which nobody wrote", show(old))
			}
		}
		ok, err := store.Swap(ctx, key, old, []byte(strconv.Itoa(count+1)))
		if err != nil {
			return fmt.Errorf("Swap: %w", err)
		}
		if ok {
			return nil
		}
	}
	return errors.New("Swap refuses more often than the record changes")
}

func concurrentKeys(t *testing.T, b *bench) {
	keys := make([]string, workers)
	for i := range keys {
		keys[i] = b.key()
	}
	together(func(worker int) {
		store, key := b.open(), keys[worker]
		var current []byte
		for i := range increments {
			next := fmt.Appendf(nil, "%d of %d", i, worker)
			if ok, err := store.Swap(t.Context(), key, current, next); !ok || err != nil {
				t.Errorf("Swap of a key that nobody else uses = %v, %v", ok, err)
				return
			}
			if got, err := store.Load(t.Context(), key); !same(got, next) || err != nil {
				t.Errorf("Load of a key that nobody else uses = %s, %v, want %s", show(got), err, show(next))
				return
			}
			current = next
		}
	})
}

func linearizableUse(t *testing.T, b *bench) {
	checkLinearizable(t, b, func(ctx context.Context, _ *rand.Rand) (context.Context, context.CancelFunc) {
		return context.WithCancel(ctx)
	})
}

func linearizableCancelled(t *testing.T, b *bench) {
	checkLinearizable(t, b, func(ctx context.Context, random *rand.Rand) (context.Context, context.CancelFunc) {
		if random.IntN(3) > 0 {
			return context.WithCancel(ctx)
		}
		return context.WithTimeout(ctx, time.Duration(random.Int64N(int64(2*time.Millisecond))))
	})
}

// checkLinearizable lets the workers load, create, replace and delete one record, with fresh and with
// stale expectations, and then looks for an order of all they did that a register would explain.
func checkLinearizable(t *testing.T, b *bench, limit func(context.Context, *rand.Rand) (context.Context, context.CancelFunc)) {
	t.Helper()
	key := b.key()
	var h History
	together(func(worker int) {
		random := rand.New(rand.NewPCG(uint64(worker), 1)) //nolint:gosec // which operation comes next is no secret
		store := h.Record(b.open())
		var seen []byte // what the record was when this worker last knew
		for i := range operations {
			ctx, cancel := limit(t.Context(), random)
			next := fmt.Appendf(nil, "%d by %d %s", i, worker, bytes.Repeat([]byte{'.'}, random.IntN(4096)))
			if random.IntN(6) == 0 {
				next = nil
			}
			var err error
			switch random.IntN(8) {
			case 0, 1, 2:
				var value []byte
				if value, err = store.Load(ctx, key); err == nil {
					seen = value
				}
			case 3:
				_, err = store.Swap(ctx, key, nil, next)
			default:
				var ok bool
				if ok, err = store.Swap(ctx, key, seen, next); ok {
					seen = next
				}
			}
			if err != nil && !errors.Is(err, ctx.Err()) {
				t.Errorf("an operation failed: %v", err)
			}
			cancel()
		}
	})
	if err := h.Check(); err != nil {
		t.Error(err)
	}
}
