package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"iot.internal/thingspace/session"
)

// A History records what several handles did to one store, and when, and says whether a linearizable
// register could have answered like that. The zero History is empty. It is safe for concurrent use.
type History struct {
	clock atomic.Int64

	mu         sync.Mutex
	operations map[string][]operation
}

// Record returns a store that does what inner does and records it. Every record must start absent.
func (h *History) Record(inner session.Store) session.Store { return &recorded{h, inner} }

// Check returns an error that shows the operations nobody can order, or nil. It is called when all
// operations have returned.
func (h *History) Check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(h.operations)) {
		if stuck := linearize(h.operations[key]); stuck != "" {
			return fmt.Errorf("the store is not linearizable: of %d operations on key %s, %s", len(h.operations[key]), key, stuck)
		}
	}
	return nil
}

// operation is one Load or Swap. A value is "" if absent and else "=" and the value, so that empty
// and absent differ.
type operation struct {
	call, back int64
	swap       bool
	old, new   string // of a Swap
	got        string // by a Load
	swapped    bool
	unknown    bool // it failed: it may take effect at any time after its call, or never
}

func register(value []byte) string {
	if value == nil {
		return ""
	}
	return "=" + string(value)
}

func (o operation) String() string {
	value := func(r string) string {
		if r == "" {
			return "nil"
		}
		return show([]byte(r[1:]))
	}
	switch {
	case !o.swap:
		return fmt.Sprintf("[%d,%d] Load = %s", o.call, o.back, value(o.got))
	case o.unknown:
		return fmt.Sprintf("[%d,-] Swap(%s, %s) failed", o.call, value(o.old), value(o.new))
	}
	return fmt.Sprintf("[%d,%d] Swap(%s, %s) = %v", o.call, o.back, value(o.old), value(o.new), o.swapped)
}

type recorded struct {
	history *History
	inner   session.Store
}

func (r *recorded) Load(ctx context.Context, key string) ([]byte, error) {
	call := r.history.clock.Add(1)
	value, err := r.inner.Load(ctx, key)
	if err == nil {
		r.history.add(key, operation{call: call, got: register(value)})
	}
	return bytes.Clone(value), err
}

func (r *recorded) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	o := operation{swap: true, old: register(old), new: register(new)}
	o.call = r.history.clock.Add(1)
	ended := ctx.Err() != nil
	swapped, err := r.inner.Swap(ctx, key, old, new)
	o.swapped, o.unknown = swapped, err != nil
	if err == nil || !ended { // with a context that had ended before, nothing can have happened
		r.history.add(key, o)
	}
	return swapped, err
}

func (h *History) add(key string, o operation) {
	o.back = h.clock.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.operations == nil {
		h.operations = map[string][]operation{}
	}
	h.operations[key] = append(h.operations[key], o)
}
