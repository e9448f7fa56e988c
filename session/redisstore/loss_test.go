//go:build unix

package redisstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session/redisstore"
)

func TestRecordSurvivesAKilledServer(t *testing.T) {
	for _, fsync := range []string{"always", "everysec"} {
		t.Run(fsync, func(t *testing.T) {
			server := redistest.Start(t, "appendonly", "yes", "appendfsync", fsync, "save", "")
			store, key := open(t, server.URL()), someKey()
			mustSwap(t, store, key, "", "one")
			server.Kill()
			for range 3 {
				if _, err := store.Load(t.Context(), key); err == nil {
					t.Fatal("a dead server answers a Load")
				}
				if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("lost")); ok || err == nil {
					t.Fatalf("a dead server answers a Swap: %v, %v", ok, err)
				}
			}
			server.Restart()
			mustHold(t, store, key, "one")
			// It does not know the script any more.
			mustSwap(t, store, key, "one", "two")
			mustHold(t, store, key, "two")
		})
	}
}

func TestRecordThatIsGoneIsNoRecord(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	reader := open(t, server.URL())
	mustHold(t, reader, key, "one")

	server.MustDo("FLUSHALL")
	for name, s := range map[string]*redisstore.Store{"writer": store, "reader": reader} {
		if got, err := s.Load(t.Context(), key); got != nil || !errors.Is(err, redisstore.ErrLost) {
			t.Errorf("%s: Load = %q, %v", name, got, err)
		}
		for _, old := range []string{"", "one"} {
			if ok, err := s.Swap(t.Context(), key, bytesOf(old), []byte("two")); ok || !errors.Is(err, redisstore.ErrLost) {
				t.Errorf("%s: Swap(%q) = %v, %v", name, old, ok, err)
			}
		}
		mustHold(t, s, someKey(), "") // what it has never seen may well be absent
	}
	// A process that starts anew has seen nothing, and writes a record; then the others go on.
	mustSwap(t, open(t, server.URL()), key, "", "two")
	mustHold(t, store, key, "two")
	mustSwap(t, reader, key, "two", "three")
}

func TestDeletedRecordIsNotLost(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, other, key := open(t, server.URL()), open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	mustHold(t, other, key, "one")
	mustSwap(t, store, key, "one", "")
	mustHold(t, other, key, "")
	mustSwap(t, other, key, "", "two")
	mustHold(t, store, key, "two")
}

func TestServerThatComesBackWithoutItsDiskIsNoticed(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	server.Kill()
	if err := os.RemoveAll(filepath.Join(server.Dir(), "appendonlydir")); err != nil {
		t.Fatal(err)
	}
	server.Restart()
	if _, err := store.Load(t.Context(), key); !errors.Is(err, redisstore.ErrLost) {
		t.Fatalf("Load: %v", err)
	}
}

func TestServerThatComesBackForgetfulIsRefusedUntilItIsMended(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	server.Kill()
	server.Reconfigure(redistest.Forgetful...)
	var unsafe *redisstore.UnsafeError
	if _, err := store.Load(t.Context(), key); !errors.As(err, &unsafe) || !errors.Is(err, redisstore.ErrUnsafe) || unsafe.Findings[0].Risk != redisstore.Volatile {
		t.Fatalf("Load: %v", err)
	}
	if ok, err := store.Swap(t.Context(), key, nil, []byte("two")); ok || !errors.Is(err, redisstore.ErrUnsafe) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	server.Kill()
	server.Reconfigure(redistest.Safe...)
	mustHold(t, store, key, "one")
}

func TestAcceptedForgetfulServerStartsAfresh(t *testing.T) {
	server := redistest.Start(t, redistest.Forgetful...)
	store, key := open(t, server.URL(), redisstore.Accept(redisstore.Volatile)), someKey()
	mustSwap(t, store, key, "", "one")
	server.Kill()
	server.Restart()
	mustHold(t, store, key, "")
	mustSwap(t, store, key, "", "two")
}

func TestRecordOfAnotherFormatIsNotTouched(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	name := redisstore.DefaultPrefix + key
	for _, command := range [][]string{{"HSET", name, "format", "2", "record", "future"}, {"SET", name, "a string"}} {
		server.MustDo("DEL", name)
		server.MustDo(command...)
		if got, err := store.Load(t.Context(), key); got != nil || !errors.Is(err, redisstore.ErrFormat) {
			t.Errorf("%s: Load = %q, %v", command[0], got, err)
		}
		if ok, err := store.Swap(t.Context(), key, nil, []byte("x")); ok || !errors.Is(err, redisstore.ErrFormat) {
			t.Errorf("%s: Swap = %v, %v", command[0], ok, err)
		}
		if n := server.MustDo("TYPE", name); command[0] == "SET" && n != "string" {
			t.Errorf("it became a %s", n)
		}
	}
}
