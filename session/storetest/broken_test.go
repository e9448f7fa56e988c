package storetest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

// flawed is a correct store until one of its parts is exchanged.
type flawed struct {
	mu      sync.Mutex
	records map[string][]byte

	deaf     bool // to the context
	nameOf   func(key string) string
	equal    func(current, old []byte, found bool) bool
	keep     func(value []byte) []byte // what is stored
	give     func(value []byte) []byte // what is returned
	pause    func()                    // between comparing and writing, without the lock
	deletion []byte                    // stored in the place of nothing
	after    func(commit func())       // runs the writing
}

func newFlawed() *flawed {
	return &flawed{
		records: map[string][]byte{},
		nameOf:  func(key string) string { return key },
		equal:   func(current, old []byte, found bool) bool { return found == (old != nil) && bytes.Equal(current, old) },
		keep:    bytes.Clone,
		give:    bytes.Clone,
		pause:   nil,
		after:   func(commit func()) { commit() },
	}
}

func (f *flawed) Load(ctx context.Context, key string) ([]byte, error) {
	if ctx.Err() != nil && !f.deaf {
		return nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.give(f.records[f.nameOf(key)]), nil
}

func (f *flawed) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	if ctx.Err() != nil && !f.deaf {
		return false, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key = f.nameOf(key)
	current, found := f.records[key]
	if !f.equal(current, old, found) {
		return false, nil
	}
	if f.pause != nil {
		f.mu.Unlock()
		f.pause()
		f.mu.Lock()
	}
	f.after(func() {
		switch {
		case new != nil:
			f.records[key] = f.keep(new)
		case f.deletion != nil:
			f.records[key] = f.deletion
		default:
			delete(f.records, key)
		}
	})
	return true, nil
}

// a cache of its own in every handle.
type caching struct {
	session.Store
	mu   sync.Mutex
	seen map[string][]byte
}

func (c *caching) Load(ctx context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.seen[key]; ok && ctx.Err() == nil {
		return bytes.Clone(value), nil
	}
	value, err := c.Store.Load(ctx, key)
	if err == nil && value != nil {
		c.seen[key] = bytes.Clone(value)
	}
	return value, err
}

func (c *caching) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seen, key)
	return c.Store.Swap(ctx, key, old, new)
}

// silent watches and never says anything.
type silent struct{ session.Store }

func (silent) Watch(context.Context, string) (<-chan struct{}, error) { return nil, nil }

// watching tells every watcher of every change.
type watching struct {
	session.Store
	mu       sync.Mutex
	watchers map[chan struct{}]bool
}

func (w *watching) Watch(ctx context.Context, _ string) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers[changed] = true
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.watchers, changed)
	})
	return changed, nil
}

func (w *watching) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	ok, err := w.Store.Swap(ctx, key, old, new)
	w.mu.Lock()
	defer w.mu.Unlock()
	for changed := range w.watchers {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	return ok, err
}

// brokenStores are stores with one defect each, and the law that must find it.
var brokenStores = map[string]struct {
	law  string
	open func() func() session.Store
}{
	"none": {"", shared(func(*flawed) {})},
	"none, and it watches": {"", func() func() session.Store {
		w := &watching{Store: newFlawed(), watchers: map[chan struct{}]bool{}}
		return func() session.Store { return w }
	}},
	"compares and writes in two steps": {
		"NoIncrementIsLost", shared(func(f *flawed) { f.pause = runtime.Gosched }),
	},
	"compares and writes in two steps, seldom": {
		"ConcurrentUseIsLinearizable", shared(func(f *flawed) {
			n := 0
			f.pause = func() {
				if n++; n%4 == 0 {
					runtime.Gosched()
				}
			}
		}),
	},
	"answers before it writes": {
		"EveryHandleSeesTheSame", func() func() session.Store {
			f := newFlawed()
			var pending func()
			settle := func(value []byte) []byte { // whatever comes next makes the last write true
				v := bytes.Clone(value)
				if pending != nil {
					pending()
					pending = nil
				}
				return v
			}
			f.give = settle
			f.after = func(commit func()) {
				settle(nil)
				pending = commit
			}
			return func() session.Store { return f }
		},
	},
	"every handle caches":        {"EveryHandleSeesTheSame", cachingHandles},
	"every handle has its own":   {"OfConcurrentOpensOneCreates", func() func() session.Store { return func() session.Store { return newFlawed() } }},
	"deaf to the context":        {"EndedContextDoesNothing", shared(func(f *flawed) { f.deaf = true })},
	"returns its own memory":     {"ReturnedSliceIsTheCallers", shared(func(f *flawed) { f.give = func(v []byte) []byte { return v } })},
	"keeps the caller's memory":  {"PassedSlicesAreNeitherChangedNorKept", shared(func(f *flawed) { f.keep = func(v []byte) []byte { return v } })},
	"writes beyond the slice":    {"PassedSlicesAreNeitherChangedNorKept", shared(func(f *flawed) { f.keep = func(v []byte) []byte { return bytes.Clone(append(v, '\n')[:len(v)]) } })},
	"nil and empty are the same": {"EmptyIsNotAbsent", shared(func(f *flawed) { f.equal = func(c, old []byte, _ bool) bool { return bytes.Equal(c, old) } })},
	"deletes by emptying":        {"SwapDeletesOnlyWhatStillIs", shared(func(f *flawed) { f.deletion = []byte{} })},
	"absent is empty":            {"AbsentIsNilWithoutError", shared(func(f *flawed) { f.give = func(v []byte) []byte { return append([]byte{}, v...) } })},
	"empty is absent":            {"EmptyIsNotAbsent", shared(func(f *flawed) { f.give = func(v []byte) []byte { return append([]byte(nil), v...) } })},
	"creates over what is there": {"SwapCreatesOnlyWhatIsAbsent", shared(func(f *flawed) {
		f.equal = func(c, old []byte, found bool) bool { return old == nil || found && bytes.Equal(c, old) }
	})},
	"refuses nil by nil": {"SwapOfNilByNilChangesNothing", shared(func(f *flawed) {
		f.equal = func(c, old []byte, found bool) bool {
			return found == (old != nil) && bytes.Equal(c, old) && (found || len(c) > 0)
		}
	})},
	"compares the beginning": {"SwapComparesTheWholeValue", shared(func(f *flawed) {
		f.equal = func(c, old []byte, found bool) bool { return found == (old != nil) && bytes.HasPrefix(c, old) }
	})},
	"compares the first pages": {"LargeValuesAreKeptWhole", shared(func(f *flawed) {
		f.equal = func(c, old []byte, found bool) bool {
			return found == (old != nil) && len(c) == len(old) && bytes.Equal(c[:min(len(c), 8192)], old[:min(len(c), 8192)])
		}
	})},
	"cuts large values": {"LargeValuesAreKeptWhole", shared(func(f *flawed) { f.keep = func(v []byte) []byte { return bytes.Clone(v[:min(len(v), 32<<10)]) } })},
	"ends at a zero byte": {"EveryByteIsKept", shared(func(f *flawed) {
		f.keep = func(v []byte) []byte { before, _, _ := bytes.Cut(v, []byte{0}); return bytes.Clone(before) }
	})},
	"trims space":        {"EveryByteIsKept", shared(func(f *flawed) { f.keep = func(v []byte) []byte { return bytes.Clone(bytes.TrimSpace(v)) } })},
	"mends UTF-8":        {"EveryByteIsKept", shared(func(f *flawed) { f.keep = func(v []byte) []byte { return bytes.ToValidUTF8(v, []byte("?")) } })},
	"drops odd digits":   {"KeysAreIndependent", shared(func(f *flawed) { f.nameOf = func(k string) string { return k[:len(k)/2*2] } })},
	"keys are numbers":   {"KeysAreIndependent", shared(func(f *flawed) { f.nameOf = func(k string) string { return strings.TrimLeft(k, "0") } })},
	"one record for all": {"KeysAreIndependent", shared(func(f *flawed) { f.nameOf = func(string) string { return "" } })},
	"watches nothing":    {"WatchTellsOfAChange", func() func() session.Store { f := silent{newFlawed()}; return func() session.Store { return f } }},
}

func shared(break_ func(*flawed)) func() func() session.Store {
	return func() func() session.Store {
		f := newFlawed()
		break_(f)
		return func() session.Store { return f }
	}
}

func cachingHandles() func() session.Store {
	f := newFlawed()
	return func() session.Store { return &caching{Store: f, seen: map[string][]byte{}} }
}

const brokenVariable = "STORETEST_BROKEN"

// TestChildRunsTheSuite is the suite on a broken store, in a process of its own because it fails.
func TestChildRunsTheSuite(t *testing.T) {
	if name := os.Getenv(brokenVariable); name != "" {
		watchLimit = 100 * time.Millisecond
		RunShared(t, func(*testing.T) func() session.Store { return brokenStores[name].open() })
	}
}

func TestSuiteFindsEveryBrokenStore(t *testing.T) {
	for name, broken := range brokenStores {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildRunsTheSuite$", "-test.v")
			child.Env = append(os.Environ(), brokenVariable+"="+name, "GORACE=exitcode=0")
			out, err := child.CombinedOutput()
			if broken.law == "" {
				if err != nil {
					t.Fatalf("the suite refuses a good store: %v\n%s", err, out)
				}
				return
			}
			if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestChildRunsTheSuite/"+broken.law+" ")) {
				t.Fatalf("the suite does not see it by the law %s: %v\n%s", broken.law, err, out)
			}
			if bytes.Contains(out, []byte("panic:")) {
				t.Fatalf("the suite panics:\n%s", out)
			}
		})
	}
}
