package session_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// hasty is a store whose watches end as soon as they begin.
type hasty struct {
	session.Store
	watches *atomic.Int32
}

func (h hasty) Watch(ctx context.Context, _ string) (<-chan struct{}, error) {
	if h.watches.Add(1) > 2000 {
		<-ctx.Done() // so that the test ends
	}
	c := make(chan struct{})
	close(c)
	return c, nil
}

func TestAWatchThatEndsAtOnceIsNotRepeatedWithoutPause(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var n atomic.Int32
		p := sessiontest.New(t, sessiontest.WithStore(hasty{session.NewMemoryStore(), &n}))
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 10 * time.Second})
		a, b := p.Client(t), p.Client(t)
		var wg sync.WaitGroup
		wg.Go(func() { mustToken(t, a) })
		time.Sleep(time.Second)
		mustToken(t, b)
		wg.Wait()
		if n.Load() > 100 {
			t.Errorf("%d watches in nine seconds", n.Load())
		}
	})
}

// losing is a store whose swaps are always lost to somebody else's.
type losing struct {
	session.Store
	swaps *atomic.Int32
}

func (l losing) Swap(ctx context.Context, _ string, _, _ []byte) (bool, error) {
	if l.swaps.Add(1) > 100_000 {
		return false, errDead // so that the test ends
	}
	return false, ctx.Err()
}

func TestASwapThatIsAlwaysLostIsRepeatedWithPauses(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var n atomic.Int32
		p := sessiontest.New(t, sessiontest.WithStore(losing{session.NewMemoryStore(), &n}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Client(t).Token(ctx)
		wantIs(t, err, context.DeadlineExceeded)
		if n.Load() > 5000 {
			t.Errorf("%d swaps in a second", n.Load())
		}
	})
}

// telling is a store that tells of changes, and counts how often it was asked to.
type telling struct {
	session.Store
	watches *atomic.Int32
	changed chan struct{}
}

func (s telling) Watch(ctx context.Context, _ string) (<-chan struct{}, error) {
	s.watches.Add(1)
	c := make(chan struct{})
	go func() {
		defer close(c)
		for {
			select {
			case <-s.changed:
			case <-ctx.Done():
				return
			}
			select {
			case c <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c, nil
}

func (s telling) Swap(ctx context.Context, key string, before, after []byte) (bool, error) {
	swapped, err := s.Store.Swap(ctx, key, before, after)
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return swapped, err
}

func TestAWatchLastsAsLongAsTheWait(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var n atomic.Int32
		p := sessiontest.New(t, sessiontest.WithStore(telling{session.NewMemoryStore(), &n, make(chan struct{})}))
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 10 * time.Second})
		a, b := p.Client(t), p.Client(t)
		var wg sync.WaitGroup
		wg.Go(func() { mustToken(t, a) })
		time.Sleep(time.Second)
		began := time.Now()
		mustToken(t, b)
		wg.Wait()
		if n.Load() != 1 {
			t.Errorf("%d watches for one wait", n.Load())
		}
		if late := time.Since(began) - 9*time.Second; late > 10*time.Millisecond {
			t.Errorf("told %v late", late)
		}
	})
}
