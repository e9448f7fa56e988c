// Package flight lets any number of callers share one call, so that none of them can spoil it for
// the others: the call has a context and a time limit of its own, every caller may leave alone, and
// a panic reaches the callers as an error instead of leaving them waiting.
package flight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrPanic is what callers get when the shared call panicked.
var ErrPanic = errors.New("the shared call panicked")

// ErrClosed is what callers get after Close.
var ErrClosed = errors.New("closed")

// Group shares calls of one kind. The zero Group is ready; it must not be copied.
type Group[T any] struct {
	mu      sync.Mutex
	current *call[T]
	closed  bool
	running sync.WaitGroup
}

type call[T any] struct {
	fresh bool
	done  chan struct{}
	value T
	err   error
}

// Do joins the call that is under way, or starts fn. With fresh, only a call that was itself started
// with fresh is joined: another one is waited for first, since its result may be older than the
// question. fn runs detached from ctx (whose values it keeps) and ends with limit. When ctx ends, Do
// returns its cause and the call goes on.
func (g *Group[T]) Do(ctx context.Context, fresh bool, limit time.Duration, fn func(context.Context) (T, error)) (T, error) {
	for {
		c, joined, err := g.enter(ctx, fresh, limit, fn)
		if err != nil {
			var zero T
			return zero, err
		}
		select {
		case <-c.done:
			if joined {
				return c.value, c.err
			}
		case <-ctx.Done():
			var zero T
			return zero, context.Cause(ctx)
		}
	}
}

func (g *Group[T]) enter(ctx context.Context, fresh bool, limit time.Duration, fn func(context.Context) (T, error)) (c *call[T], joined bool, err error) {
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.current; c != nil {
		return c, c.fresh || !fresh, nil
	}
	if g.closed {
		return nil, false, ErrClosed
	}
	c = &call[T]{fresh: fresh, done: make(chan struct{})}
	g.current = c
	g.running.Go(func() { g.run(context.WithoutCancel(ctx), c, limit, fn) })
	return c, true, nil
}

func (g *Group[T]) run(ctx context.Context, c *call[T], limit time.Duration, fn func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	finished := false
	defer func() {
		if !finished {
			// A panic, or runtime.Goexit. The panic's value may hold anything, so only its type is told.
			c.err = ErrPanic
			if r := recover(); r != nil {
				c.err = fmt.Errorf("%w: %T", ErrPanic, r)
			}
		}
		g.mu.Lock()
		g.current = nil
		g.mu.Unlock()
		close(c.done)
	}()
	c.value, c.err = fn(ctx)
	finished = true
}

// Close lets no further call start and waits for the one under way, which ends with its limit.
func (g *Group[T]) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.running.Wait()
}
