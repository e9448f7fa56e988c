package clientfuzz

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

// record is the store itself: it forgets nothing, and every change is looked at.
type record struct {
	w *world

	mu    sync.Mutex
	value []byte
	alter func(ledger.Record) ledger.Record // sabotage
}

func (r *record) Load(ctx context.Context, _ string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.value), nil
}

func (r *record) Swap(ctx context.Context, _ string, old, new []byte) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return r.swap(nil, old, new), nil
}

// swap is done in the name of a process.
func (r *record) swap(p *process, old, new []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (r.value == nil) != (old == nil) || !bytes.Equal(r.value, old) {
		return false
	}
	before, err := ledger.Decode(old)
	if err != nil {
		r.w.problem("record: what is stored cannot be read: %v", err)
	}
	after, err := ledger.Decode(new)
	if err != nil {
		r.w.problem("record: what is to be stored cannot be read: %v", err)
	}
	if r.w.betrays(string(new)) {
		r.w.problem("secret: the record holds one that can be read")
	}
	if len(new) > ledger.MaxSize/4 {
		r.w.problem("bounded: the record has %d bytes", len(new))
	}
	if p != nil {
		p.reserve(before, after)
	}
	if r.alter != nil {
		new, _ = ledger.Encode(r.alter(after))
	}
	r.value = bytes.Clone(new)
	return true
}

// read is the record as it stands.
func (r *record) read() ledger.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	decoded, err := ledger.Decode(r.value)
	if err != nil {
		r.w.problem("record: it cannot be read: %v", err)
	}
	return decoded
}

// reservation is a strike that a process has listed before it sends.
type reservation struct {
	reset   bool
	at      time.Time
	refused []string // what was known when it was listed
	retired []string
	allowed bool // by a person
}

// reserve notes a strike that a change lists as pending.
func (p *process) reserve(before, after ledger.Record) {
	for _, s := range after.Strikes {
		listed := slices.ContainsFunc(before.Strikes, func(b ledger.Strike) bool { return b.ID == s.ID })
		if s.State == ledger.Pending && !listed {
			p.mu.Lock()
			p.reserved = &reservation{
				reset: s.Reset, at: time.Now(),
				refused: before.Refused, retired: before.Retired, allowed: before.OneAttempt,
			}
			p.mu.Unlock()
		}
	}
}

// storeFault is what happens to one operation of a process.
type storeFault struct {
	kind  int
	delay time.Duration
}

const (
	failBefore = iota
	failAfter
	slowBefore
	slowAfter
	appliedLate // the operation fails, and a swap happens all the same, after the delay
	faultKinds
)

// view is the store as a process sees it.
type view struct{ p *process }

func (v view) take() (storeFault, bool) {
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	if len(v.p.store) == 0 {
		return storeFault{}, false
	}
	f := v.p.store[0]
	v.p.store = v.p.store[1:]
	return f, true
}

func (v view) Load(ctx context.Context, _ string) (value []byte, err error) {
	err = v.do(ctx, func(storeFault) { value, _ = v.p.w.record.Load(context.Background(), "") }, nil)
	if err != nil {
		return nil, err
	}
	return value, nil
}

func (v view) Swap(ctx context.Context, key string, old, new []byte) (swapped bool, err error) {
	if key != v.p.w.recordKey {
		v.p.w.problem("record: key %q, want %q", key, v.p.w.recordKey)
	}
	old, new = bytes.Clone(old), bytes.Clone(new)
	err = v.do(ctx, func(storeFault) { swapped = v.p.w.record.swap(v.p, old, new) }, func(f storeFault) {
		time.AfterFunc(f.delay, func() { v.p.w.record.swap(v.p, old, new) })
	})
	if err != nil {
		return false, err
	}
	return swapped, nil
}

// do lets an operation happen, or go wrong.
func (v view) do(ctx context.Context, happen, late func(storeFault)) error {
	if err := v.p.enter(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f, faulty := v.take()
	if faulty {
		switch f.kind {
		case failBefore:
			return errBroken
		case appliedLate:
			if late != nil {
				late(f)
			}
			return errBroken
		case slowBefore:
			if err := idle(ctx, f.delay); err != nil {
				return err
			}
		}
	}
	if err := v.p.stay(); err != nil { // it may have died meanwhile
		return err
	}
	happen(f)
	if err := v.p.leave(); err != nil {
		return err
	}
	if faulty {
		switch f.kind {
		case failAfter:
			return errBroken
		case slowAfter:
			return idle(ctx, f.delay)
		}
	}
	return nil
}

func idle(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func storeFaultOf(s step) (storeFault, string) {
	f := storeFault{kind: int(s.a) % faultKinds, delay: time.Duration(1+s.b%15) * time.Second}
	return f, [...]string{"fails", "happens and fails", "is slow", "is slow to answer", "fails and happens later"}[f.kind]
}

func storeFails(w *world, s step) string {
	p := w.process(s.who)
	f, words := storeFaultOf(s)
	w.disturb()
	n := int(s.b>>5)%4 + 1
	skip := int(s.b>>7) * 3
	p.mu.Lock()
	defer p.mu.Unlock()
	for range skip {
		p.store = append(p.store, storeFault{kind: slowAfter, delay: time.Millisecond})
	}
	for range n {
		p.store = append(p.store, f)
	}
	return fmt.Sprintf("%s: store: after %d operations %d: %s (%s)", p, skip, n, words, f.delay)
}

func storeDown(w *world, s step) string {
	w.disturb()
	n := 1 + int(s.a%40)
	for _, p := range w.procs {
		p.mu.Lock()
		for range n {
			p.store = append(p.store, storeFault{kind: failBefore})
		}
		p.mu.Unlock()
	}
	return fmt.Sprintf("the store fails %d operations of each process", n)
}
