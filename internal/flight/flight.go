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

// ErrPanic is what callers get when the shared call panicked, or ended its goroutine.
var ErrPanic = errors.New("the shared call did not return")

// ErrClosed is what callers get after Close.
var ErrClosed = errors.New("closed")

// ErrOverdue is what callers get while a call goes on that does not heed its time limit.
var ErrOverdue = fmt.Errorf("the shared call does not end: %w", context.DeadlineExceeded)

// grace is how long after its limit a call may take to tidy up, before its callers are freed without
// its answer.
const grace = 30 * time.Second

// Group shares calls of one kind: at most one of them runs at any time. The zero Group is ready; it
// must not be copied.
type Group[T any] struct {
	mu      sync.Mutex // never held while a call runs
	current *call[T]
	next    *call[T] // a fresh one, to start when current has returned
	closed  bool
}

type call[T any] struct {
	ctx     context.Context
	limit   time.Duration
	fn      func(context.Context) (T, error)
	fresh   bool
	callers int // of next: without any it need not start
	overdue *time.Timer

	// Written once, by whoever closes done.
	done  chan struct{}
	ended bool
	value T
	err   error
}

// Do joins the call that is under way, or starts fn. With fresh, only a call that was itself started
// with fresh is joined: another one is waited for, since its result may be older than the question,
// and then fn starts before anything else does. fn runs detached from ctx, whose values it keeps; its
// context ends with limit, which it has to heed. When ctx ends, Do returns its cause and the call
// goes on; but an answer that is there is returned.
func (g *Group[T]) Do(ctx context.Context, fresh bool, limit time.Duration, fn func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	c := g.enter(ctx, fresh, limit, fn)
	if c == nil {
		return none, ErrClosed
	}
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	if g.leave(c) {
		return c.value, c.err
	}
	return none, context.Cause(ctx)
}

// enter returns the call to wait for: one of fn, or one that serves as well. It returns nil after Close.
func (g *Group[T]) enter(ctx context.Context, fresh bool, limit time.Duration, fn func(context.Context) (T, error)) *call[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.current
	switch {
	case c != nil && (c.fresh || !fresh || c.ended):
	case g.closed:
		return nil
	case c != nil && g.next != nil:
		c = g.next
	default:
		c = &call[T]{ctx: context.WithoutCancel(ctx), limit: limit, fn: fn, fresh: fresh, done: make(chan struct{})}
		if g.current == nil {
			g.start(c)
		} else {
			g.next = c
		}
	}
	c.callers++
	return c
}

// leave reports whether the call has ended after all.
func (g *Group[T]) leave(c *call[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.callers--
	if c.callers == 0 && g.next == c {
		g.next = nil
	}
	return c.ended
}

// start wants g.mu held.
func (g *Group[T]) start(c *call[T]) {
	g.current = c
	c.overdue = time.AfterFunc(c.limit+grace, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		var none T
		if g.current != c {
			return
		}
		// It stays the current one: no other may run beside it.
		c.end(none, ErrOverdue)
		if g.next != nil {
			g.next.end(none, ErrOverdue)
			g.next = nil
		}
	})
	go g.run(c)
}

func (g *Group[T]) run(c *call[T]) {
	ctx, cancel := context.WithTimeout(c.ctx, c.limit)
	var value T
	err := ErrPanic // stays if fn ends this goroutine
	defer func() {
		if r := recover(); r != nil {
			// The panic's value may hold anything, so only its type and place are told.
			err = fmt.Errorf("%w: panic with a %T at %s", ErrPanic, r, panicked())
		}
		cancel()
		g.mu.Lock()
		defer g.mu.Unlock()
		c.overdue.Stop()
		c.end(value, err)
		g.current = nil
		if c := g.next; c != nil {
			g.next = nil
			g.start(c)
		}
	}()
	value, err = c.fn(ctx)
}

func (c *call[T]) end(value T, err error) {
	if c.ended {
		return
	}
	c.ended, c.value, c.err = true, value, err
	close(c.done)
}

// Close lets no further call start and waits for the one under way, which ends with its limit.
func (g *Group[T]) Close() {
	g.mu.Lock()
	g.closed = true
	c := g.current
	if g.next != nil {
		var none T
		g.next.end(none, ErrClosed)
		g.next = nil
	}
	g.mu.Unlock()
	if c != nil {
		<-c.done
	}
}
