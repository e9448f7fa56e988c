//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session/redisstore"
)

func mustWatch(ctx context.Context, t *testing.T, store *redisstore.Store, key string) <-chan struct{} {
	t.Helper()
	changed, err := store.Watch(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func mustHear(t *testing.T, changed <-chan struct{}) (open bool) {
	t.Helper()
	select {
	case _, open = <-changed:
		return open
	case <-time.After(patience):
		t.Fatal("nothing is heard of a change")
		return false
	}
}

func TestEveryWatcherHearsOfAChangeOverOneConnection(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, writer := open(t, server.URL()), open(t, server.URL())
	keys := []string{someKey(), someKey(), someKey()}
	var channels []<-chan struct{}
	for range 50 {
		for _, key := range keys {
			channels = append(channels, mustWatch(t.Context(), t, store, key))
		}
	}
	if n := strings.Count(server.MustDo("CLIENT", "LIST"), "name=thingspace-session"); n != 2 {
		t.Errorf("two stores hold %d connections", n)
	}
	for _, key := range keys {
		mustSwap(t, writer, key, "", "one")
	}
	for _, changed := range channels {
		if !mustHear(t, changed) {
			t.Fatal("a watch has ended")
		}
	}
	// Nobody takes these; they hold up nobody.
	for i := range 100 {
		mustSwap(t, writer, keys[0], map[bool]string{true: "one", false: fmt.Sprint(i - 1)}[i == 0], fmt.Sprint(i))
	}
	mustHear(t, channels[0])
	mustHold(t, store, keys[0], "99")
}

func TestWatchOfOneRecordHearsOfNoOther(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key, other := open(t, server.URL()), someKey(), someKey()
	changed, control := mustWatch(t.Context(), t, store, key), mustWatch(t.Context(), t, store, other)
	mustSwap(t, store, other, "", "one")
	mustHear(t, control)
	select {
	case <-changed:
		t.Error("another record's change is heard")
	default:
	}
	// What changes nothing tells nothing.
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || err != nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	if ok, err := store.Swap(t.Context(), key, nil, nil); !ok || err != nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	mustSwap(t, store, other, "one", "two")
	mustHear(t, control)
	select {
	case <-changed:
		t.Error("a change is heard that was none")
	default:
	}
}

func TestLastWatcherEndsTheSubscription(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	subscribed := func() bool {
		channels, err := server.Do("PUBSUB", "CHANNELS", "*")
		if err != nil {
			t.Fatal(err)
		}
		list, err := channels.AsStrSlice()
		if err != nil {
			t.Fatal(err)
		}
		return len(list) > 0
	}
	for range 20 {
		first, endFirst := context.WithCancel(t.Context())
		second, endSecond := context.WithCancel(t.Context())
		mustWatch(first, t, store, key)
		changed := mustWatch(second, t, store, key)
		endFirst()
		mustSwap(t, store, key, "", "one")
		mustHear(t, changed)
		if !subscribed() {
			t.Fatal("the first one who leaves ends it for all")
		}
		endSecond()
		mustSwap(t, store, key, "one", "")
		// At once again, perhaps while the one before is being given up.
		third, endThird := context.WithCancel(t.Context())
		changed = mustWatch(third, t, store, key)
		mustSwap(t, store, key, "", "one")
		mustHear(t, changed)
		mustSwap(t, store, key, "one", "")
		endThird()
	}
	eventually(t, "nobody is subscribed any more", func() bool { return !subscribed() })
}

func TestWatchIsClosedWhenTheConnectionBreaks(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, writer, key := open(t, relay.URL()), open(t, server.URL()), someKey()
	changed := mustWatch(t.Context(), t, store, key)
	relay.Cut()
	if mustHear(t, changed) {
		t.Fatal("the watch goes on over a broken connection")
	}
	changed = mustWatch(t.Context(), t, store, key)
	mustSwap(t, writer, key, "", "one")
	if !mustHear(t, changed) {
		t.Fatal("the second watch has ended")
	}

	relay.Refuse(true)
	relay.Cut()
	mustHear(t, changed)
	if _, err := store.Watch(t.Context(), key); err == nil {
		t.Fatal("a watch without a connection")
	}
	relay.Refuse(false)
	changed = mustWatch(t.Context(), t, store, key)
	mustSwap(t, writer, key, "one", "two")
	mustHear(t, changed)
}

func TestWatchIsClosedWithTheStore(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store := open(t, server.URL())
	changed := mustWatch(t.Context(), t, store, someKey())
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if mustHear(t, changed) {
		t.Fatal("something is heard of a closed store")
	}
}

func TestWatchersMayComeAndGoAtOnce(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithCancel(t.Context())
				if _, err := store.Watch(ctx, key); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	changed := mustWatch(t.Context(), t, store, key)
	mustSwap(t, store, key, "", "one")
	mustHear(t, changed)
}
