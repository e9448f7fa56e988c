package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"iot.internal/thingspace/session"
)

// ErrInjected is what a [Fault] without an error of its own returns.
var ErrInjected = errors.New("storetest: injected fault")

// Op is a kind of operation.
type Op int

// The operations that a [Fault] meets and [Faulty.Calls] counts.
const (
	AnyOp Op = iota
	LoadOp
	SwapOp
)

// A Fault is what happens to some operations of a [Faulty]. The zero Fault makes the next operation
// fail before it is done.
type Fault struct {
	// Op is the kind of operation that is met.
	Op Op
	// Nth is the first one that is met, of its kind and counted from Inject: 1, or 0, is the next.
	Nth int
	// Times is how many in a row are met; 0 means one, a negative number all from then on.
	Times int
	// After makes the fault strike when the operation is done, whose outcome nobody learns then; else
	// it strikes instead of the operation.
	After bool
	// Err is returned; nil means [ErrInjected], unless Delay or Pause is set: then the operation is
	// only slow.
	Err error
	// Delay is waited for where the fault strikes. A context that ends before is the error.
	Delay time.Duration
	// Pause is called where the fault strikes, after Delay, and may take its time: it stands for a
	// process that is stopped there and goes on later.
	Pause func(ctx context.Context)
}

// Faulty is a store whose operations fail on demand. It hides the Watch of the store it wraps. It is
// safe for concurrent use.
type Faulty struct {
	inner session.Store

	mu     sync.Mutex
	calls  [SwapOp + 1]int
	faults []*injected
}

type injected struct {
	Fault
	first int // in calls of its kind
}

// NewFaulty wraps inner; without a fault it does what inner does.
func NewFaulty(inner session.Store) *Faulty { return &Faulty{inner: inner} }

// Inject adds a fault. Where several meet the same operation, the first that was injected strikes and
// the others are passed over. Remove takes it out again.
func (f *Faulty) Inject(fault Fault) (remove func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := &injected{Fault: fault, first: f.calls[fault.Op] + max(fault.Nth, 1)}
	f.faults = append(f.faults, in)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i, other := range f.faults {
			if other == in {
				f.faults = append(f.faults[:i:i], f.faults[i+1:]...)
				return
			}
		}
	}
}

// Calls returns how many operations of a kind were begun so far.
func (f *Faulty) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// begin counts an operation and returns the fault that meets it, if any.
func (f *Faulty) begin(op Op) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[AnyOp]++
	f.calls[op]++
	for _, in := range f.faults {
		if in.Op != AnyOp && in.Op != op {
			continue
		}
		n := f.calls[in.Op] - in.first
		if n >= 0 && (in.Times < 0 || n < max(in.Times, 1)) {
			return &in.Fault
		}
	}
	return nil
}

func (f *Fault) strike(ctx context.Context) error {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Pause != nil {
		f.Pause(ctx)
	}
	if f.Err == nil && f.Delay == 0 && f.Pause == nil {
		return ErrInjected
	}
	return f.Err
}

// Load is the inner Load, but for faults.
func (f *Faulty) Load(ctx context.Context, key string) ([]byte, error) {
	fault := f.begin(LoadOp)
	if fault != nil && !fault.After {
		if err := fault.strike(ctx); err != nil {
			return nil, err
		}
	}
	value, err := f.inner.Load(ctx, key)
	if fault != nil && fault.After {
		if err := fault.strike(ctx); err != nil {
			return nil, err
		}
	}
	return value, err
}

// Swap is the inner Swap, but for faults.
func (f *Faulty) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	fault := f.begin(SwapOp)
	if fault != nil && !fault.After {
		if err := fault.strike(ctx); err != nil {
			return false, err
		}
	}
	swapped, err := f.inner.Swap(ctx, key, old, new)
	if fault != nil && fault.After {
		if err := fault.strike(ctx); err != nil {
			return false, err
		}
	}
	return swapped, err
}
