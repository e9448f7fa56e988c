package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

func endedContext(t *testing.T, b *bench) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, expired} {
		store, key := b.open(), b.key()
		nothingSwapped := func(old, new []byte) {
			t.Helper()
			if ok, err := store.Swap(ctx, key, old, new); ok || !errors.Is(err, ctx.Err()) {
				t.Fatalf("Swap with an ended context = %v, %v, want false, %v", ok, err, ctx.Err())
			}
			holds(t, store, key, old)
		}
		if value, err := store.Load(ctx, key); value != nil || !errors.Is(err, ctx.Err()) {
			t.Fatalf("Load with an ended context = %s, %v, want nil, %v", show(value), err, ctx.Err())
		}
		nothingSwapped(nil, one)
		swap(t, store, key, nil, one, true)
		nothingSwapped(one, two)
		nothingSwapped(one, nil)
		if value, err := store.Load(ctx, key); value != nil || !errors.Is(err, ctx.Err()) {
			t.Fatalf("Load with an ended context = %s, %v, want nil, %v", show(value), err, ctx.Err())
		}
		// And it harms nobody else.
		swap(t, store, key, one, two, true)
		holds(t, store, key, two)
	}
}

// watchLimit is how long a notification may take; polling would be faster than that.
var watchLimit = 10 * time.Second

// watcher returns nil for a store that does not watch: that is optional, clients poll.
func watcher(store session.Store) session.Watcher {
	w, _ := store.(session.Watcher)
	return w
}

func watch(ctx context.Context, t *testing.T, w session.Watcher, key string) <-chan struct{} {
	t.Helper()
	changes, err := w.Watch(ctx, key)
	if err != nil {
		t.Fatalf("Watch: %v", err)
	}
	return changes
}

func watchTells(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	w := watcher(store)
	if w == nil {
		return
	}
	var current []byte
	for _, next := range [][]byte{one, two, nil} {
		changes := watch(t.Context(), t, w, key)
		swap(t, b.open(), key, current, next, true)
		select {
		case <-changes:
		case <-time.After(watchLimit):
			t.Fatalf("no word of a change from %s to %s after %v", show(current), show(next), watchLimit)
		}
		holds(t, store, key, next)
		current = next
	}
}

func watchEnds(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	w := watcher(store)
	if w == nil {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	watch(ctx, t, w, key)
	watch(ctx, t, w, key)
	cancel()
	// Whether an ended watch closes its channel is its own business; it must not disturb the store,
	// nor a later watch.
	swap(t, store, key, nil, one, true)
	holds(t, store, key, one)
	if late, err := w.Watch(ctx, key); err == nil && late == nil {
		t.Fatal("Watch with an ended context returned neither a channel nor an error")
	}
	changes := watch(t.Context(), t, w, key)
	swap(t, b.open(), key, one, two, true)
	select {
	case <-changes:
	case <-time.After(watchLimit):
		t.Fatalf("after an ended watch another one tells nothing within %v", watchLimit)
	}
}
