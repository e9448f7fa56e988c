//go:build unix

package redisstore_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session/redisstore"
)

func TestSwapThatNobodyWaitsForIsNotBegunLater(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	calls := swaps(t, server)

	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if ok, err := store.Swap(ctx, key, []byte("one"), []byte("two")); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	<-time.After(20 * time.Millisecond) // the server's milliseconds must have passed too
	server.Resume()

	eventually(t, "the server has read the Swap", func() bool { return swaps(t, server) > calls })
	mustHold(t, store, key, "one")
}

// swaps is how many scripts the server has begun.
func swaps(t *testing.T, server *redistest.Server) (n int) {
	t.Helper()
	for line := range strings.Lines(server.MustDo("INFO", "commandstats")) {
		if name, rest, _ := strings.Cut(line, ":calls="); name == "cmdstat_evalsha" || name == "cmdstat_eval" {
			count, _, _ := strings.Cut(rest, ",")
			calls, err := strconv.Atoi(count)
			if err != nil {
				t.Fatal(err)
			}
			n += calls
		}
	}
	return n
}

func TestSwapOutlivesASetClock(t *testing.T) {
	// The server's clock cannot be set here; a clock that runs ahead looks the same as one that we
	// remember as it was long ago.
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	redisstore.ForgetTime(store, time.Hour)
	mustSwap(t, store, key, "", "one")
}

func TestSilentServerIsLeftAndFoundAgain(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL(), redisstore.WithTimeout(time.Second)), someKey()
	mustSwap(t, store, key, "", "one")
	server.Pause()
	start := time.Now()
	if _, err := store.Load(t.Context(), key); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Load: %v", err)
	}
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || err == nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a silent server was waited for, %s", took)
	}
	server.Resume()
	eventually(t, "the server is found again", func() bool {
		got, err := store.Load(t.Context(), key)
		return err == nil && string(got) == "one"
	})
	mustSwap(t, store, key, "one", "two")
}

func TestConnectionThatFellSilentIsReplaced(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL(), redisstore.WithTimeout(500*time.Millisecond)), someKey()
	mustSwap(t, store, key, "", "one")
	changed := mustWatch(t.Context(), t, store, key)
	relay.Mute()
	// Even if everybody leaves sooner than the store's own limit.
	eventually(t, "the store takes another connection", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := store.Load(ctx, key)
		return err == nil
	})
	if mustHear(t, changed) {
		t.Error("the watch goes on over the silent connection")
	}
	mustSwap(t, store, key, "one", "two")
}

func TestWatchOfASilentServerIsAnErrorInTime(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL(), redisstore.WithTimeout(300*time.Millisecond)), someKey()
	relay.Mute()
	if _, err := store.Watch(t.Context(), key); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Watch: %v", err)
	}
	// Nothing else was needed to get rid of the connection.
	eventually(t, "another connection is made", func() bool { _, err := store.Watch(t.Context(), key); return err == nil })
}

func TestCallerLeavesAtOnce(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL(), redisstore.WithTimeout(5*time.Second)), someKey()
	mustSwap(t, store, key, "", "one")
	server.Pause()
	defer server.Resume()
	for name, use := range map[string]func(context.Context) error{
		"load":  func(ctx context.Context) error { _, err := store.Load(ctx, key); return err },
		"swap":  func(ctx context.Context) error { _, err := store.Swap(ctx, key, nil, []byte("x")); return err },
		"watch": func(ctx context.Context) error { _, err := store.Watch(ctx, key); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- use(ctx) }()
		cancel()
		select {
		case err := <-failed:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(2 * time.Second):
			t.Errorf("%s does not return when its context ends", name)
		}
	}
}

func TestSwapCutBeforeItArrivesHasNotHappened(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	struck := relay.CutBefore("marked")
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("marked")); ok || err == nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	<-struck
	mustHold(t, store, key, "one")
	mustSwap(t, store, key, "one", "two")
}

func TestSwapCutBeforeItsAnswerHasHappenedOnce(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	before := swaps(t, server)
	struck := relay.CutAfter("marked")
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("marked")); ok || err == nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	<-struck
	mustHold(t, store, key, "marked")
	if n := swaps(t, server) - before; n != 1 {
		t.Errorf("the server ran it %d times", n)
	}
}

func TestLoadCutIsReadAgain(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	struck := relay.CutAfter("HMGET")
	mustHold(t, store, key, "one")
	<-struck
	// As when the other end has closed a connection that was idle.
	relay.Cut()
	mustHold(t, store, key, "one")
}

func TestFullServerRefusesAndHeals(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	server.MustDo("CONFIG", "SET", "maxmemory", "1")
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || !errors.Is(err, redisstore.ErrFull) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	mustHold(t, store, key, "one")
	server.MustDo("CONFIG", "SET", "maxmemory", "0")
	mustSwap(t, store, key, "one", "two")
}

func TestReplicaIsRefused(t *testing.T) {
	master := redistest.Start(t, redistest.Safe...)
	host, port, _ := strings.Cut(master.Addr(), ":")
	replica := redistest.Start(t, append([]string{"replicaof", host + " " + port}, redistest.Safe...)...)
	if _, err := redisstore.New(t.Context(), replica.URL()); !errors.Is(err, redisstore.ErrReadOnly) {
		t.Fatalf("New on a replica: %v", err)
	}
	eventually(t, "the master knows its replica", func() bool {
		return strings.Contains(master.MustDo("INFO", "replication"), "connected_slaves:1")
	})
	store := open(t, master.URL())
	if !has(store.Findings(), redisstore.Replicated) {
		t.Errorf("nothing is said about the replica: %v", store.Findings())
	}
}

func TestDemotedMasterIsLeftUntilItIsOneAgain(t *testing.T) {
	server, other := redistest.Start(t, redistest.Safe...), redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	host, port, _ := strings.Cut(other.Addr(), ":")
	other.Pause() // so that the record is not replaced by the other's
	server.MustDo("REPLICAOF", host, port)
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || !errors.Is(err, redisstore.ErrReadOnly) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	if _, err := store.Load(t.Context(), key); !errors.Is(err, redisstore.ErrReadOnly) {
		t.Fatalf("Load: %v", err)
	}
	server.MustDo("REPLICAOF", "NO", "ONE")
	mustHold(t, store, key, "one")
	mustSwap(t, store, key, "one", "two")
}

func TestLazyStoreOpensWithoutAServer(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	server.Kill()
	if _, err := redisstore.New(t.Context(), server.URL()); err == nil {
		t.Fatal("New found a dead server alive")
	}
	store, key := open(t, server.URL(), redisstore.Lazy()), someKey()
	if _, err := store.Load(t.Context(), key); err == nil {
		t.Fatal("a dead server answers")
	}
	server.Reconfigure(redistest.Forgetful...)
	if _, err := store.Load(t.Context(), key); !errors.Is(err, redisstore.ErrUnsafe) {
		t.Fatalf("a lazy store does not inspect its server: %v", err)
	}
	server.Kill()
	server.Reconfigure(redistest.Safe...)
	mustSwap(t, store, key, "", "one")
}

func TestClosedStoreRefuses(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	for range 2 {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Load(t.Context(), key); !errors.Is(err, redisstore.ErrClosed) {
		t.Errorf("Load: %v", err)
	}
	if _, err := store.Swap(t.Context(), key, nil, []byte("x")); !errors.Is(err, redisstore.ErrClosed) {
		t.Errorf("Swap: %v", err)
	}
	if _, err := store.Watch(t.Context(), key); !errors.Is(err, redisstore.ErrClosed) {
		t.Errorf("Watch: %v", err)
	}
}

func TestOversizeAndOddKeysAreRefused(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store := open(t, server.URL())
	if ok, err := store.Swap(t.Context(), someKey(), nil, make([]byte, redisstore.MaxRecord+1)); ok || !errors.Is(err, redisstore.ErrTooLarge) {
		t.Errorf("Swap = %v, %v", ok, err)
	}
	for _, key := range []string{"", "UPPER", "a b", "é", strings.Repeat("a", 129), "a:b", "*"} {
		if _, err := store.Load(t.Context(), key); err == nil {
			t.Errorf("Load takes the key %q", key)
		}
		if _, err := store.Swap(t.Context(), key, nil, []byte("x")); err == nil {
			t.Errorf("Swap takes the key %q", key)
		}
		if _, err := store.Watch(t.Context(), key); err == nil {
			t.Errorf("Watch takes the key %q", key)
		}
	}
}
