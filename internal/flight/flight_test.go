package flight_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/flight"
)

// Every test runs in a bubble, which fails if a goroutine is left when it ends.

const limit = time.Minute

type group = flight.Group[int]

// slow takes a second and returns n.
func slow(calls *atomic.Int32, n int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		calls.Add(1)
		select {
		case <-time.After(time.Second):
			return n, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func TestTenThousandCallersShareOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls, right atomic.Int32
		var wg sync.WaitGroup
		for range 10_000 {
			wg.Go(func() {
				if n, err := g.Do(t.Context(), false, limit, slow(&calls, 7)); n == 7 && err == nil {
					right.Add(1)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 1 || right.Load() != 10_000 {
			t.Errorf("%d calls, %d right answers", calls.Load(), right.Load())
		}
	})
}

func TestCallersShareAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		refused := errors.New("refused")
		var wg sync.WaitGroup
		var calls atomic.Int32
		for range 100 {
			wg.Go(func() {
				_, err := g.Do(t.Context(), false, limit, func(context.Context) (int, error) {
					calls.Add(1)
					time.Sleep(time.Second)
					return 0, refused
				})
				if !errors.Is(err, refused) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls", calls.Load())
		}
	})
}

func TestNextCallStartsAfterTheLastHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var running, most, calls atomic.Int32
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				for range 10 {
					_, err := g.Do(t.Context(), i%3 == 0, limit, func(context.Context) (int, error) {
						if now := running.Add(1); now > most.Load() {
							most.Store(now)
						}
						calls.Add(1)
						time.Sleep(time.Duration(1+i%5) * time.Millisecond)
						running.Add(-1)
						return 0, nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if most.Load() != 1 {
			t.Errorf("%d calls at once", most.Load())
		}
		if calls.Load() < 10 {
			t.Errorf("%d calls: callers got an answer of before they asked", calls.Load())
		}
	})
}

func TestLeaderCancelledFailsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		cause := errors.New("the leader left")
		leader, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := g.Do(leader, false, limit, slow(&calls, 7)); !errors.Is(err, cause) {
				t.Errorf("leader got %v", err)
			}
		})
		synctest.Wait()
		for range 1000 {
			wg.Go(func() {
				if n, err := g.Do(t.Context(), false, limit, slow(&calls, 8)); n != 7 || err != nil {
					t.Errorf("waiter got %d, %v", n, err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		cancel(cause)
		wg.Wait()
		if calls.Load() != 1 || time.Since(began) != time.Second {
			t.Errorf("%d calls, %v", calls.Load(), time.Since(began))
		}
	})
}

func TestWaiterLeavesAloneAndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() {
			if n, err := g.Do(t.Context(), false, limit, slow(&calls, 7)); n != 7 || err != nil {
				t.Errorf("leader got %d, %v", n, err)
			}
		})
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := g.Do(ctx, false, limit, slow(&calls, 8)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Millisecond {
			t.Errorf("waiter got %v after %v", err, time.Since(began))
		}
		wg.Wait()
	})
}

func TestCallGoesOnWhenEverybodyLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var finished atomic.Bool
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := g.Do(ctx, false, limit, func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			finished.Store(ctx.Err() == nil)
			return 0, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		g.Close()
		if !finished.Load() {
			t.Error("the call was cancelled with its caller")
		}
	})
}

func TestDeadCallerStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		cause := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		var calls atomic.Int32
		if _, err := g.Do(ctx, false, limit, slow(&calls, 7)); !errors.Is(err, cause) || calls.Load() != 0 {
			t.Errorf("got %v after %d calls", err, calls.Load())
		}
	})
}

func TestAnswerThatIsThereIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			var g group
			n, err := g.Do(&lateContext{Context: t.Context()}, false, limit, func(context.Context) (int, error) { return 7, nil })
			if n != 7 || err != nil {
				t.Fatalf("got %d, %v", n, err)
			}
		}
	})
}

// lateContext ends at the same moment as the call: who waits for either finds both.
type lateContext struct {
	context.Context
	over atomic.Bool
}

func (c *lateContext) Done() <-chan struct{} {
	synctest.Wait()
	c.over.Store(true)
	done := make(chan struct{})
	close(done)
	return done
}

func (c *lateContext) Err() error {
	if c.over.Load() {
		return context.Canceled
	}
	return nil
}

func TestCallKeepsValuesAndHasItsOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		type key struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Hour)
		defer cancel()
		began := time.Now()
		_, err := g.Do(ctx, false, limit, func(ctx context.Context) (int, error) {
			if ctx.Value(key{}) != "kept" {
				t.Error("the caller's values are gone")
			}
			if d, ok := ctx.Deadline(); !ok || d.Sub(began) != limit {
				t.Errorf("deadline after %v", d.Sub(began))
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, flight.ErrOverdue) || time.Since(began) != limit {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestLimitOfAQueuedCallBeginsWhenItStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var calls atomic.Int32
		go func() { _, _ = g.Do(t.Context(), false, limit, slow(&calls, 1)) }()
		synctest.Wait()
		n, err := g.Do(t.Context(), true, 1500*time.Millisecond, slow(&calls, 2))
		if n != 2 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

func TestCallMayUseTheGroupsMethods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// No lock is held over a call: callers come and go, and Close begins, while it runs.
		var g group
		var wg sync.WaitGroup
		var calls atomic.Int32
		n, err := g.Do(t.Context(), false, limit, func(ctx context.Context) (int, error) {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			for _, fresh := range []bool{false, true} {
				if _, err := g.Do(short, fresh, limit, slow(&calls, 8)); !errors.Is(err, context.DeadlineExceeded) && calls.Load() == 0 {
					t.Errorf("got %v", err)
				}
			}
			wg.Go(g.Close)
			synctest.Wait()
			return 7, nil
		})
		wg.Wait()
		if n != 7 || err != nil || calls.Load() != 0 {
			t.Errorf("got %d, %v, %d calls", n, err, calls.Load())
		}
	})
}

func TestStormOfCallersThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var running, calls atomic.Int32
		var wg sync.WaitGroup
		for i := range 2000 {
			wg.Go(func() {
				time.Sleep(time.Duration(i%97) * time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%31)*time.Millisecond)
				defer cancel()
				n, err := g.Do(ctx, i%5 == 0, limit, func(context.Context) (int, error) {
					if running.Add(1) != 1 {
						t.Error("two at once")
					}
					defer running.Add(-1)
					calls.Add(1)
					time.Sleep(time.Duration(i%13) * time.Millisecond)
					if i%11 == 0 {
						runtime.Goexit()
					}
					return 7, nil
				})
				if err == nil && n != 7 || err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, flight.ErrPanic) {
					t.Errorf("got %d, %v", n, err)
				}
			})
		}
		wg.Wait()
		g.Close()
		if calls.Load() == 0 || calls.Load() > 200 {
			t.Errorf("%d calls", calls.Load())
		}
	})
}

func BenchmarkCall(b *testing.B) {
	// What a call costs that nobody shares.
	var g group
	for b.Loop() {
		if _, err := g.Do(b.Context(), false, limit, func(context.Context) (int, error) { return 7, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
