//go:build unix

package redisstore_test

import (
	"crypto/rand"
	"encoding/hex"
	"testing"

	"go.uber.org/goleak"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(tb testing.TB, url string, options ...redisstore.Option) *redisstore.Store {
	tb.Helper()
	store, err := redisstore.New(tb.Context(), url, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func someKey() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

func TestConformance(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		prefix := "test:" + someKey()[:8] + ":"
		return func() session.Store { return open(t, server.URL(), redisstore.WithPrefix(prefix)) }
	})
}
