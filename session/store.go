package session

import (
	"bytes"
	"context"
	"sync"
)

// Store is a linearizable register for the one small record per account that processes must agree
// on. Everybody who uses the same store shares the session, the bearer and the count of failed
// logins. It must not forget: a record that is lost takes the count of strikes with it.
//
// Implementations are safe for concurrent use, do not keep or change the slices they are given, and
// prove themselves with package storetest.
type Store interface {
	// Load returns the record under key, or nil if there is none.
	Load(ctx context.Context, key string) ([]byte, error)
	// Swap replaces old (nil: absent) by new (nil: delete) if and only if the record still is old.
	// After an error it may or may not have happened.
	Swap(ctx context.Context, key string, old, new []byte) (swapped bool, err error)
}

// Watcher is what a [Store] may implement to tell of changes sooner than polling would. Watch
// returns a channel that is closed, or receives, soon after the record under key changes; it may
// also do so without a change. The watch ends with ctx. Losing a notification is harmless: clients
// go on polling, only more seldom.
type Watcher interface {
	Watch(ctx context.Context, key string) (<-chan struct{}, error)
}

// NewMemoryStore returns a store for a single process: tests and tools. In a service that may be
// restarted it forgets the strikes, and a crash loop then spends one at every start.
func NewMemoryStore() Store { return &memoryStore{records: map[string][]byte{}} }

type memoryStore struct {
	mu      sync.Mutex
	records map[string][]byte
}

func (m *memoryStore) Load(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.records[key]), nil
}

func (m *memoryStore) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current, found := m.records[key]
	if found != (old != nil) || !bytes.Equal(current, old) {
		return false, nil
	}
	if new == nil {
		delete(m.records, key)
	} else {
		m.records[key] = append([]byte{}, new...)
	}
	return true, nil
}
