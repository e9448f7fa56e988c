package flight_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/flight"
)

func TestPanicReachesEveryCallerAsAnErrorWithoutItsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				n, err := g.Do(t.Context(), false, limit, explode)
				if n != 0 || !errors.Is(err, flight.ErrPanic) || strings.Contains(err.Error(), "Wh0a1545a84d") {
					t.Errorf("got %d, %v", n, err)
				}
				for _, part := range []string{"*errors.errorString", "flight_test.explode:"} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("no %q in %q", part, err)
					}
				}
			})
		}
		wg.Wait()
		var calls atomic.Int32
		if n, err := g.Do(t.Context(), false, limit, slow(&calls, 7)); n != 7 || err != nil {
			t.Errorf("afterwards got %d, %v", n, err)
		}
	})
}

func explode(context.Context) (int, error) {
	time.Sleep(time.Second)
	panic(errors.New("password Wh0a1545a84d"))
}

func TestPlaceOfARuntimePanicIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var none map[string]int
		_, err := g.Do(t.Context(), false, limit, func(context.Context) (int, error) { none[""] = 1; return 0, nil })
		if !errors.Is(err, flight.ErrPanic) || !strings.Contains(err.Error(), "TestPlaceOfARuntimePanicIsTold") {
			t.Errorf("got %v", err)
		}
		_, err = g.Do(t.Context(), false, limit, nil)
		if !errors.Is(err, flight.ErrPanic) {
			t.Errorf("got %v", err)
		}
	})
}

func TestGoexitReachesEveryCallerAsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := g.Do(t.Context(), false, limit, func(context.Context) (int, error) {
					time.Sleep(time.Second)
					runtime.Goexit()
					return 7, nil
				})
				if !errors.Is(err, flight.ErrPanic) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		var calls atomic.Int32
		if n, err := g.Do(t.Context(), false, limit, slow(&calls, 7)); n != 7 || err != nil {
			t.Errorf("afterwards got %d, %v", n, err)
		}
	})
}

func TestQueuedCallStartsAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		go func() { _, _ = g.Do(t.Context(), false, limit, explode) }()
		synctest.Wait()
		if n, err := g.Do(t.Context(), true, limit, slow(&calls, 7)); n != 7 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

func TestNobodyWaitsForACallThatIgnoresItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		hung := make(chan struct{})
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				_, err := g.Do(t.Context(), i%2 == 0, limit, func(context.Context) (int, error) {
					<-hung
					return 7, nil
				})
				if !errors.Is(err, flight.ErrOverdue) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if waited := time.Since(began); waited < limit || waited > 2*limit {
			t.Errorf("waited for %v", waited)
		}
		// As long as it goes on no other runs beside it, and nobody waits for it.
		began = time.Now()
		var calls atomic.Int32
		for _, fresh := range []bool{false, true} {
			if _, err := g.Do(t.Context(), fresh, limit, slow(&calls, 8)); !errors.Is(err, flight.ErrOverdue) {
				t.Errorf("got %v", err)
			}
		}
		if time.Since(began) != 0 || calls.Load() != 0 {
			t.Errorf("waited for %v, made %d calls", time.Since(began), calls.Load())
		}
		close(hung)
		synctest.Wait()
		if n, err := g.Do(t.Context(), false, limit, slow(&calls, 8)); n != 8 || err != nil {
			t.Errorf("afterwards got %d, %v", n, err)
		}
	})
}

func TestTidyingUpAfterTheLimitIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		n, err := g.Do(t.Context(), false, limit, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(20 * time.Second)
			return 7, nil
		})
		if n != 7 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

func TestCloseWaitsAndRefusesNewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls, queued atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() {
			if n, err := g.Do(t.Context(), false, limit, slow(&calls, 7)); n != 7 || err != nil {
				t.Errorf("leader got %d, %v", n, err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := g.Do(t.Context(), true, limit, slow(&queued, 8)); !errors.Is(err, flight.ErrClosed) {
				t.Errorf("queued caller got %v", err)
			}
		})
		synctest.Wait()
		began := time.Now()
		for range 3 {
			wg.Go(func() {
				g.Close()
				if time.Since(began) != time.Second {
					t.Errorf("closed after %v", time.Since(began))
				}
			})
		}
		synctest.Wait()
		if _, err := g.Do(t.Context(), true, limit, slow(&queued, 8)); !errors.Is(err, flight.ErrClosed) || time.Since(began) != 0 {
			t.Errorf("fresh caller got %v after %v", err, time.Since(began))
		}
		if n, err := g.Do(t.Context(), false, limit, slow(&queued, 8)); n != 7 || err != nil {
			t.Errorf("who joins what is under way got %d, %v", n, err)
		}
		wg.Wait()
		for _, fresh := range []bool{false, true} {
			if _, err := g.Do(t.Context(), fresh, limit, slow(&queued, 8)); !errors.Is(err, flight.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		g.Close()
		if queued.Load() != 0 {
			t.Error("a call started after Close")
		}
	})
}

func TestCloseDoesNotWaitForACallThatIgnoresItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		hung := make(chan struct{})
		go func() {
			_, _ = g.Do(t.Context(), false, limit, func(context.Context) (int, error) { <-hung; return 0, nil })
		}()
		synctest.Wait()
		began := time.Now()
		g.Close()
		if time.Since(began) > 2*limit {
			t.Errorf("closed after %v", time.Since(began))
		}
		close(hung)
	})
}

func TestContextOfACallEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var over <-chan struct{}
		_, _ = g.Do(t.Context(), false, limit, func(ctx context.Context) (int, error) { over = ctx.Done(); return 0, nil })
		select {
		case <-over:
		default:
			t.Error("what the call left behind goes on")
		}
	})
}

func TestLimitOfAnOlderCallHarmsNoLaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		_, _ = g.Do(t.Context(), false, limit, slow(&calls, 1))
		// One call runs, and one is queued, when the first one's limit and grace are over.
		for range 100 {
			go func() { _, _ = g.Do(t.Context(), false, limit, slow(&calls, 2)) }()
			synctest.Wait()
			if n, err := g.Do(t.Context(), true, limit, slow(&calls, 3)); n != 3 || err != nil {
				t.Fatalf("got %d, %v", n, err)
			}
		}
	})
}
