// Package storetest proves that a [session.Store] is what the session client relies on, and breaks
// one on purpose to test what relies on it.
//
// [Run] is the conformance suite for anybody's store:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) session.Store { return mystore.New(t.TempDir()) })
//	}
//
// [RunShared] is the same suite for a store that several processes open: it uses a handle of its own
// for every one of its workers. [Faulty] wraps a store and makes chosen operations fail, also after
// they happened, or wait.
//
// # The laws
//
// A store is a linearizable register per key: every operation takes effect at one moment between its
// call and its return, and all handles agree on the order. In particular:
//
//   - Load of a key without a record returns nil and no error; a record that is there but cannot be
//     had is an error, never nil.
//   - Swap compares the whole value. A nil old matches an absent record only; with a nil new the
//     record is absent afterwards. So Swap(nil, nil) returns true if there is no record, else false,
//     and changes nothing.
//   - An empty value is not an absent one. A store keeps it, and then Load returns an empty slice
//     that is not nil, or refuses it with an error. It never takes it for absence or deletion. (The
//     client writes no empty record.)
//   - A key is 1 to 64 digits of lower-case hex, even or odd in number; the client's have 64. No key
//     means anything to another one, prefixes included.
//   - A value is any bytes, up to [MaxValue].
//   - A slice that was returned belongs to the caller. A slice that was passed in is neither changed
//     nor kept.
//   - With a context that has ended the operation returns an error that matches ctx.Err() and has done
//     nothing.
//   - After another error a Swap may or may not have happened; but if it has, then before its caller
//     was told so or some time later, once, and only if old matched.
//   - All of this holds for concurrent use of one handle and of many.
//
// What no test can show: the store forgets nothing, neither when a process dies nor when the machine
// does, and when Swap has returned true that stays true.
package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"testing"

	"iot.internal/thingspace/session"
)

const (
	// MaxValue is the size in bytes of the largest value that a store must take.
	MaxValue = 64 << 10
	// MaxKey is the number of hex digits of the longest key that a store must take.
	MaxKey = 64
)

// Run tests a store. Open returns a store that no other test writes to; it is called once for each
// subtest, with the subtest's t for cleaning up. The suite deletes the records it wrote.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	RunShared(t, func(t *testing.T) func() session.Store {
		t.Helper()
		store := open(t)
		return func() session.Store { return store }
	})
}

// RunShared tests a store that can be opened more than once. Place is called once for each subtest
// and prepares a place that no other test writes to (a directory, a database, a prefix); the function
// it returns opens another handle on the data of that place, and may be called concurrently. Handles
// are closed by what Place gives to t.Cleanup.
func RunShared(t *testing.T, place func(t *testing.T) (open func() session.Store)) {
	t.Helper()
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) { law.check(t, &bench{t: t, open: place(t)}) })
	}
}

var laws = []struct {
	name  string
	check func(t *testing.T, b *bench)
}{
	{"AbsentIsNilWithoutError", absentIsNil},
	{"SwapCreatesOnlyWhatIsAbsent", swapCreates},
	{"SwapReplacesOnlyWhatStillIs", swapReplaces},
	{"SwapComparesTheWholeValue", swapComparesAll},
	{"SwapDeletesOnlyWhatStillIs", swapDeletes},
	{"SwapOfNilByNilChangesNothing", swapNilNil},
	{"SwapByItselfKeepsTheRecord", swapItself},
	{"EmptyIsNotAbsent", emptyIsNotAbsent},
	{"EveryByteIsKept", everyByte},
	{"LargeValuesAreKeptWhole", largeValues},
	{"KeysAreIndependent", keysAreIndependent},
	{"ReturnedSliceIsTheCallers", returnedSlice},
	{"PassedSlicesAreNeitherChangedNorKept", passedSlices},
	{"EndedContextDoesNothing", endedContext},
	{"EveryHandleSeesTheSame", everyHandle},
	{"OfConcurrentOpensOneCreates", concurrentOpens},
	{"NoIncrementIsLost", noIncrementIsLost},
	{"ConcurrentUseIsLinearizable", linearizableUse},
	{"ConcurrentUseWithCancellationIsLinearizable", linearizableCancelled},
	{"KeysDoNotDisturbEachOther", concurrentKeys},
	{"WatchTellsOfAChange", watchTells},
	{"WatchEndsWithItsContext", watchEnds},
}

// bench is one place for one test.
type bench struct {
	t    *testing.T
	open func() session.Store

	once    sync.Once
	cleaner session.Store
}

// key returns a key that nobody used yet, and has it deleted at the end.
func (b *bench) key() string {
	b.t.Helper()
	random := make([]byte, MaxKey/2)
	_, _ = rand.Read(random) // never fails
	key := hex.EncodeToString(random)
	b.deleteLater(key)
	return key
}

func (b *bench) deleteLater(key string) {
	b.t.Helper()
	b.once.Do(func() { b.cleaner = b.open() })
	b.t.Cleanup(func() {
		// Not t.Context, which has ended by now.
		for range 10 {
			value, err := b.cleaner.Load(context.Background(), key)
			if err != nil || value == nil {
				return
			}
			_, _ = b.cleaner.Swap(context.Background(), key, value, nil)
		}
	})
}

// swap requires a Swap to return want without an error.
func swap(t *testing.T, store session.Store, key string, old, new []byte, want bool) {
	t.Helper()
	got, err := store.Swap(t.Context(), key, old, new)
	if err != nil {
		t.Fatalf("Swap(%s, %s): %v", show(old), show(new), err)
	}
	if got != want {
		t.Fatalf("Swap(%s, %s) = %v, want %v", show(old), show(new), got, want)
	}
}

// holds requires a Load to return want, and nil only for nil.
func holds(t *testing.T, store session.Store, key string, want []byte) {
	t.Helper()
	got, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if !same(got, want) {
		t.Fatalf("Load = %s, want %s", show(got), show(want))
	}
}
