package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

const (
	// storeTimeout limits one conversation with the store.
	storeTimeout = 10 * time.Second
	// contention is how often a swap that lost to another process is tried again.
	contention = 100
	// contentionPause is about how long it is waited before that.
	contentionPause = 5 * time.Millisecond
)

// load reads the record. Every failure is ErrStoreUnavailable: a record that cannot be read is no
// permission to log in.
func (c *Client) load(ctx context.Context, a *account) ([]byte, ledger.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	raw, err := c.storeLoad(ctx, a.key)
	if err != nil {
		return nil, ledger.Record{}, c.storeFailed("load", err)
	}
	r, err := ledger.Decode(raw)
	if err != nil {
		return raw, ledger.Record{}, c.storeFailed("load", err)
	}
	return raw, r, nil
}

func (c *Client) storeLoad(ctx context.Context, key string) (raw []byte, err error) {
	err = shielded(func() (err error) {
		raw, err = c.cfg.Store.Load(ctx, key)
		return err
	})
	return raw, err
}

// swap replaces the record if it still is old. After an error of the store it looks whether it
// happened; when somebody else has written since, the id of what was claimed tells.
func (c *Client) swap(ctx context.Context, a *account, old []byte, r ledger.Record, id string) (bool, error) {
	next, err := ledger.Encode(r)
	if err != nil {
		return false, c.storeFailed("swap", err)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	swapped := false
	err = shielded(func() (err error) {
		swapped, err = c.cfg.Store.Swap(ctx, a.key, old, next)
		return err
	})
	if err == nil {
		return swapped, nil
	}
	// The context may be what ended it; whether it happened has to be known all the same.
	look, stop := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer stop()
	now, again := c.storeLoad(look, a.key)
	switch {
	case again != nil:
		return false, c.storeFailed("swap", err)
	case bytes.Equal(now, next) && now != nil:
		return true, nil
	case bytes.Equal(now, old) && (now == nil) == (old == nil):
		return false, c.storeFailed("swap", err)
	}
	written, err := ledger.Decode(now)
	if err != nil {
		return false, c.storeFailed("swap", err)
	}
	return id != "" && written.Holds(id), nil
}

func (c *Client) storeFailed(operation string, err error) error {
	c.traceStore(StoreEvent{Operation: operation, Err: err})
	return &Error{Op: "store", err: fmt.Errorf("%w: %s: %w", ErrStoreUnavailable, operation, err)}
}

// update applies a transition until the swap succeeds. The transition reports whether there is
// anything to write; applying it twice must be harmless.
func (c *Client) update(ctx context.Context, a *account, transition func(ledger.Record) (ledger.Record, bool)) error {
	for range contention {
		raw, r, err := c.load(ctx, a)
		if err != nil {
			return err
		}
		next, write := transition(r)
		if !write {
			return nil
		}
		swapped, err := c.swap(ctx, a, raw, next, "")
		if err != nil || swapped {
			return err
		}
		if err := pause(ctx, jitter(contentionPause)); err != nil {
			return c.storeFailed("swap", err)
		}
	}
	return c.storeFailed("swap", errors.New("too much contention"))
}

// settle is update for what must not be forgotten: it goes on trying for a while, whatever becomes of
// the caller.
func (c *Client) settle(ctx context.Context, a *account, transition func(ledger.Record) (ledger.Record, bool)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settlePatience)
	defer cancel()
	wait := 50 * time.Millisecond
	for {
		err := c.update(ctx, a, transition)
		if err == nil {
			return nil
		}
		if pause(ctx, jitter(wait)) != nil {
			return err
		}
		wait = min(2*wait, 2*time.Second)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// jitter spreads a pause over a half to one and a half, so that processes that met once do not meet
// again.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d) //nolint:gosec // G404: spreading pauses needs no secrecy
}
