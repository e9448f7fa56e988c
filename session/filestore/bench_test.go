package filestore_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

func BenchmarkLoad(b *testing.B) {
	store := filestore.New(b.TempDir())
	if _, err := store.Swap(b.Context(), key, nil, bytes.Repeat([]byte("r"), 2048)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := store.Load(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSwap(b *testing.B) {
	store := filestore.New(b.TempDir())
	var current []byte
	for i := 0; b.Loop(); i++ {
		next := fmt.Appendf(nil, "%d %s", i, bytes.Repeat([]byte("r"), 2048))
		if ok, err := store.Swap(b.Context(), key, current, next); !ok || err != nil {
			b.Fatal(ok, err)
		}
		current = next
	}
}

// Each operation is one increment, of eight handles that all want to.
func BenchmarkSwapContended(b *testing.B) {
	dir := b.TempDir()
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		store := filestore.New(dir)
		for i := 0; pb.Next(); i++ {
			for {
				old, err := store.Load(b.Context(), key)
				if err != nil {
					b.Error(err)
					return
				}
				ok, err := store.Swap(b.Context(), key, old, fmt.Appendf(nil, "%d %p", i, pb))
				if err != nil {
					b.Error(err)
					return
				}
				if ok {
					break
				}
			}
		}
	})
}

func BenchmarkCredentialsLoad(b *testing.B) {
	file := filestore.Credentials(filepath.Join(b.TempDir(), "credentials.json"))
	if err := file.Save(b.Context(), session.Credentials{Username: "zbeeblebrox", Password: session.NewSecret("IMgr8")}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := file.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCredentialsSave(b *testing.B) {
	file := filestore.Credentials(filepath.Join(b.TempDir(), "credentials.json"))
	for b.Loop() {
		if err := file.Save(b.Context(), session.Credentials{Username: "zbeeblebrox", Password: session.NewSecret("IMgr8")}); err != nil {
			b.Fatal(err)
		}
	}
}
