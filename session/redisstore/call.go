package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/rueidis"
)

// call runs an operation under its own time limit, so that its caller may leave at any time without
// breaking the connection for others, and a server that is silent for the whole limit is noticed even
// if every caller leaves sooner.
func call[T any](ctx context.Context, s *Store, what string, operation func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, s.failed(what, err)
	}
	if !s.begin() {
		return none, s.failed(what, ErrClosed)
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		s.busy.Done()
		return none, s.failed(what, ctx.Err())
	}
	done := make(chan outcome, 1)
	go func() {
		defer s.busy.Done()
		defer func() { <-s.slots }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.timeout)
		defer cancel()
		began := s.connection.Load()
		value, err := whole(ctx, s, operation)
		s.suspect(ctx, err, began)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return none, s.failed(what, o.err)
		}
		return o.value, nil
	case <-ctx.Done():
		return none, s.failed(what, ctx.Err())
	}
}

// whole is an operation on a server that was inspected, before it or, if the connection is a new one,
// after it.
func whole[T any](ctx context.Context, s *Store, operation func(context.Context) (T, error)) (value T, err error) {
	if err := s.inspect(ctx); err != nil {
		return value, err
	}
	value, err = operation(ctx)
	if err != nil && !errors.Is(err, ErrLost) {
		return value, err
	}
	// That nothing is kept explains best why something is lost.
	if err := s.inspect(ctx); err != nil {
		return value, err
	}
	return value, err
}

func (s *Store) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.busy.Add(1)
	return true
}

// suspect draws conclusions from an error about the connection that was there when an operation began.
func (s *Store) suspect(ctx context.Context, err error, began uint64) {
	switch {
	case err == nil:
	case s.own == nil, errors.Is(kindOf(text(err)), ErrReadOnly):
		s.connection.Add(1) // it may be another server by now, or the same in another role
	case ctx.Err() != nil:
		s.drop(began)
	}
}

// drop cuts what fell silent: it may stay so for ever, if the machine behind it is gone. A client of the
// caller's sees to that itself.
func (s *Store) drop(connection uint64) {
	if s.own != nil {
		s.own.drop(connection)
	}
}

func (s *Store) failed(what string, err error) error {
	return fmt.Errorf("redisstore: %s: %s: %w", s.name, what, s.explain(err))
}

// isBroken reports whether the client library's error is about the connection, as opposed to what the
// server said over it and to time running out.
func isBroken(err error) bool {
	if errors.Is(err, errDropped) {
		return true
	}
	_, said := rueidis.IsRedisErr(err)
	return !said && !rueidis.IsRedisNil(err) && !rueidis.IsParseErr(err) &&
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}
