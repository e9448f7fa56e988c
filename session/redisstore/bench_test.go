//go:build unix

package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
)

// record is about as large as one with a session, a bearer and some history.
var record = bytes.Repeat([]byte(`{"v":1,"sealed":"0123456789abcdef"},`), 60)

var durability = []struct {
	name       string
	directives []string
}{
	{"always", redistest.Safe},
	{"everysec", []string{"appendonly", "yes", "appendfsync", "everysec", "save", ""}},
}

func BenchmarkLoad(b *testing.B) {
	store, key := open(b, redistest.Start(b, redistest.Safe...).URL()), someKey()
	if _, err := store.Swap(b.Context(), key, nil, record); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.Load(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadParallel(b *testing.B) {
	store, key := open(b, redistest.Start(b, redistest.Safe...).URL()), someKey()
	if _, err := store.Swap(b.Context(), key, nil, record); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := store.Load(b.Context(), key); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkSwap(b *testing.B) {
	for _, d := range durability {
		b.Run(d.name, func(b *testing.B) {
			store, key := open(b, redistest.Start(b, d.directives...).URL()), someKey()
			records := [][]byte{append(bytes.Clone(record), '0'), append(bytes.Clone(record), '1')}
			if _, err := store.Swap(b.Context(), key, nil, records[0]); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if ok, err := store.Swap(b.Context(), key, records[i%2], records[(i+1)%2]); !ok || err != nil {
					b.Fatal(ok, err)
				}
				i++
			}
		})
	}
}

// BenchmarkNotification is the time from the call of Swap to the word of it at another store.
func BenchmarkNotification(b *testing.B) {
	for _, d := range durability {
		b.Run(d.name, func(b *testing.B) {
			server := redistest.Start(b, d.directives...)
			writer, watcher, key := open(b, server.URL()), open(b, server.URL()), someKey()
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			changed, err := watcher.Watch(ctx, key)
			if err != nil {
				b.Fatal(err)
			}
			var old []byte
			var took []time.Duration
			i := 0
			for b.Loop() {
				next := fmt.Appendf(bytes.Clone(record), "%d", i)
				start := time.Now()
				if ok, err := writer.Swap(b.Context(), key, old, next); !ok || err != nil {
					b.Fatal(ok, err)
				}
				<-changed
				took = append(took, time.Since(start))
				old = next
				i++
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkOpen is a process that starts: connecting, inspecting, one Load.
func BenchmarkOpen(b *testing.B) {
	server := redistest.Start(b, redistest.Safe...)
	key := someKey()
	for b.Loop() {
		store := open(b, server.URL())
		if _, err := store.Load(b.Context(), key); err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
