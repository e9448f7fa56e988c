//go:build unix

package redisstore_test

import (
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
)

// patience is for what takes a real process some time.
const patience = 20 * time.Second

// eventually asks again until the answer is yes. It is for what another process does in its own time.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func mustSwap(t *testing.T, store session.Store, key string, old, new string) {
	t.Helper()
	if ok, err := store.Swap(t.Context(), key, bytesOf(old), bytesOf(new)); !ok || err != nil {
		t.Fatalf("Swap(%q, %q) = %v, %v", old, new, ok, err)
	}
}

func mustHold(t *testing.T, store session.Store, key, want string) {
	t.Helper()
	got, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want || (got == nil) != (want == "") {
		t.Fatalf("the record is %q, want %q", got, want)
	}
}

// bytesOf is nil for "".
func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func has(findings []redisstore.Finding, risk redisstore.Risk) bool {
	for _, f := range findings {
		if f.Risk == risk {
			return true
		}
	}
	return false
}
