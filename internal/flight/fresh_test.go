package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestFreshNeverGetsAnAnswerThatWasBegunForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var old, fresh atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() {
			if n, _ := g.Do(t.Context(), false, limit, slow(&old, 1)); n != 1 {
				t.Errorf("first caller got %d", n)
			}
		})
		synctest.Wait()
		for range 1000 {
			wg.Go(func() {
				if n, err := g.Do(t.Context(), true, limit, slow(&fresh, 2)); n != 2 || err != nil {
					t.Errorf("fresh caller got %d, %v", n, err)
				}
			})
		}
		synctest.Wait()
		// The one under way is good enough for who does not ask for fresh.
		if n, _ := g.Do(t.Context(), false, limit, slow(&old, 3)); n != 1 {
			t.Errorf("later caller got %d", n)
		}
		wg.Wait()
		if old.Load() != 1 || fresh.Load() != 1 {
			t.Errorf("%d and %d calls", old.Load(), fresh.Load())
		}
	})
}

func TestFreshCallServesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				if n, err := g.Do(t.Context(), i%2 == 0, limit, slow(&calls, 7)); n != 7 || err != nil {
					t.Errorf("got %d, %v", n, err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls", calls.Load())
		}
	})
}

func TestFreshIsNotStarvedByOthersWhoNeverRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		var stop atomic.Bool
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for !stop.Load() {
					_, _ = g.Do(t.Context(), false, limit, slow(&calls, 1))
				}
			})
		}
		synctest.Wait()
		for range 20 {
			before, began := calls.Load(), time.Now()
			var mine atomic.Int32
			if n, err := g.Do(t.Context(), true, limit, slow(&mine, 2)); n != 2 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
			if calls.Load()-before > 1 || time.Since(began) > 2*time.Second {
				t.Errorf("%d others first, in %v", calls.Load()-before, time.Since(began))
			}
			time.Sleep(100 * time.Millisecond)
		}
		stop.Store(true)
		wg.Wait()
	})
}

func TestFreshCallThatNobodyWaitsForAnyMoreIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls, unwanted atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = g.Do(t.Context(), false, limit, slow(&calls, 1)) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			wg.Go(func() {
				if _, err := g.Do(ctx, true, limit, slow(&unwanted, 2)); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		synctest.Wait()
		if unwanted.Load() != 0 {
			t.Error("made a call for nobody")
		}
	})
}

func TestFreshCallIsMadeForWhoStayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = g.Do(t.Context(), false, limit, slow(&calls, 1)) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { _, _ = g.Do(ctx, true, limit, slow(&calls, 2)) })
		synctest.Wait()
		wg.Go(func() {
			// The call is the one queued first: any of them serves.
			if n, err := g.Do(t.Context(), true, limit, slow(&calls, 3)); n != 2 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}
