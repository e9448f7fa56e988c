package storetest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/storetest"
)

const key = "0123456789abcdef"

func TestFaultyWithoutAFaultKeepsTheLaws(t *testing.T) {
	storetest.Run(t, func(*testing.T) session.Store { return storetest.NewFaulty(session.NewMemoryStore()) })
}

func TestFaultBeforeMeansNotDoneAndAfterMeansDone(t *testing.T) {
	for _, after := range []bool{false, true} {
		inner := session.NewMemoryStore()
		store := storetest.NewFaulty(inner)
		store.Inject(storetest.Fault{Op: storetest.SwapOp, After: after})
		if ok, err := store.Swap(t.Context(), key, nil, []byte("x")); ok || !errors.Is(err, storetest.ErrInjected) {
			t.Fatalf("after %v: Swap = %v, %v", after, ok, err)
		}
		if value, err := inner.Load(t.Context(), key); (value != nil) != after || err != nil {
			t.Fatalf("after %v: the record is %q, %v", after, value, err)
		}
	}
}

func TestFaultMeetsTheNthOperationsOfItsKindOnly(t *testing.T) {
	mine := errors.New("mine")
	for name, c := range map[string]struct {
		fault storetest.Fault
		want  string // of load swap load swap load swap: x fails
	}{
		"zero":           {storetest.Fault{}, "x....."},
		"second":         {storetest.Fault{Nth: 2}, ".x...."},
		"first swap":     {storetest.Fault{Op: storetest.SwapOp}, ".x...."},
		"second swap":    {storetest.Fault{Op: storetest.SwapOp, Nth: 2}, "...x.."},
		"third load":     {storetest.Fault{Op: storetest.LoadOp, Nth: 3}, "....x."},
		"two in a row":   {storetest.Fault{Nth: 3, Times: 2}, "..xx.."},
		"two swaps":      {storetest.Fault{Op: storetest.SwapOp, Times: 2}, ".x.x.."},
		"from then on":   {storetest.Fault{Nth: 4, Times: -1}, "...xxx"},
		"beyond the end": {storetest.Fault{Nth: 7}, "......"},
	} {
		store := storetest.NewFaulty(session.NewMemoryStore())
		// Counted from Inject.
		_, _ = store.Load(t.Context(), key)
		_, _ = store.Swap(t.Context(), key, nil, nil)
		c.fault.Err = mine
		store.Inject(c.fault)
		got := ""
		for i := range 6 {
			var err error
			if i%2 == 0 {
				_, err = store.Load(t.Context(), key)
			} else {
				_, err = store.Swap(t.Context(), key, nil, nil)
			}
			switch {
			case err == nil:
				got += "."
			case errors.Is(err, mine):
				got += "x"
			default:
				got += "?"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if n, loads, swaps := store.Calls(storetest.AnyOp), store.Calls(storetest.LoadOp), store.Calls(storetest.SwapOp); n != 8 || loads != 4 || swaps != 4 {
			t.Errorf("%s: %d calls, %d loads, %d swaps", name, n, loads, swaps)
		}
	}
}

func TestRemovedFaultStrikesNoMore(t *testing.T) {
	store := storetest.NewFaulty(session.NewMemoryStore())
	other := errors.New("other")
	remove := store.Inject(storetest.Fault{Times: -1})
	store.Inject(storetest.Fault{Times: -1, Err: other})
	if _, err := store.Load(t.Context(), key); !errors.Is(err, storetest.ErrInjected) {
		t.Fatalf("Load: %v", err)
	}
	remove()
	remove()
	if _, err := store.Load(t.Context(), key); !errors.Is(err, other) {
		t.Fatalf("Load: %v", err)
	}
}

func TestDelayIsWaitedForUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewFaulty(session.NewMemoryStore())
		store.Inject(storetest.Fault{Times: -1, Delay: time.Minute})
		start := time.Now()
		if ok, err := store.Swap(t.Context(), key, nil, []byte("x")); !ok || err != nil {
			t.Fatalf("Swap = %v, %v", ok, err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Fatalf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := store.Load(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Load: %v", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Fatalf("took %v", took)
		}
	})
}

func TestPauseStopsOneOperationAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewFaulty(session.NewMemoryStore())
		goOn := make(chan struct{})
		store.Inject(storetest.Fault{Op: storetest.SwapOp, Pause: func(context.Context) { <-goOn }})
		swapped := make(chan bool)
		go func() {
			ok, _ := store.Swap(t.Context(), key, nil, []byte("slow"))
			swapped <- ok
		}()
		synctest.Wait()
		if ok, err := store.Swap(t.Context(), key, nil, []byte("fast")); !ok || err != nil {
			t.Fatalf("Swap = %v, %v", ok, err)
		}
		close(goOn)
		if <-swapped {
			t.Fatal("the paused Swap found the record absent")
		}
	})
}

func TestHistoryWithFailedSwapsIsLinearizable(t *testing.T) {
	for _, after := range []bool{false, true} {
		store := storetest.NewFaulty(session.NewMemoryStore())
		var h storetest.History
		recorded := h.Record(store)
		store.Inject(storetest.Fault{Op: storetest.SwapOp, Nth: 2, After: after})
		_, _ = recorded.Swap(t.Context(), key, nil, []byte("a"))
		_, _ = recorded.Swap(t.Context(), key, []byte("a"), []byte("b"))
		_, _ = recorded.Load(t.Context(), key)
		if err := h.Check(); err != nil {
			t.Errorf("after %v: %v", after, err)
		}
		// And a store that changes behind everybody's back is not.
		_, _ = store.Swap(t.Context(), "00", nil, []byte("a"))
		_, _ = recorded.Load(t.Context(), "00")
		if err := h.Check(); err == nil {
			t.Error("a value that nobody wrote was accepted")
		}
	}
}
