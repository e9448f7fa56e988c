// Package flock holds a lock that excludes other processes as well as other goroutines, in the style
// of cmd/go's lockedfile: a lock file that is locked by the kernel, so that it is free again when its
// holder dies, and that is never removed, because removing it would let two holders in.
//
// The lock is advisory and whole: flock on Unix, LockFileEx on Windows. Where neither exists Lock
// fails with an error that [errors.ErrUnsupported] matches.
package flock

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// How often a lock that another process holds is tried again: at first at the pace of a small write,
// later seldom enough not to burn a processor.
const (
	firstWait = 500 * time.Microsecond
	lastWait  = 5 * time.Millisecond
)

// A Mutex excludes everybody who locks the same file.
type Mutex struct {
	path string
	// held excludes the goroutines of this process among themselves. The file lock alone would do
	// that too; but the race detector cannot see it, and here nobody has to poll.
	held chan struct{}
}

// MutexAt returns a mutex on the lock file at path, which the first Lock creates with mode 0600. The
// directory must exist by then.
func MutexAt(path string) *Mutex {
	if path == "" {
		panic("flock: empty path")
	}
	return &Mutex{path: path, held: make(chan struct{}, 1)}
}

// Lock waits until it holds the lock or ctx ends. It returns unlock, which may be called more than
// once, to remind the caller to look at the error.
//
// A lock of another process is polled for, with growing and random pauses. A blocking call would be
// fairer, but it cannot be cancelled: the goroutine and its thread would outlive the caller for as
// long as the other process keeps the lock, which for a stopped process is for ever.
func (m *Mutex) Lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case m.held <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the lock %s: %w", m.path, ctx.Err())
	}
	f, err := m.acquire(ctx)
	if err != nil {
		<-m.held
		return nil, err
	}
	return sync.OnceFunc(func() {
		release(f)
		<-m.held
	}), nil
}

func (m *Mutex) acquire(ctx context.Context) (*os.File, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		f, err := m.try()
		if f != nil || err != nil {
			return f, err
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // jitter is no secret
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the lock %s, which another process holds: %w", m.path, ctx.Err())
		}
	}
}

// try returns the locked file, or nil if somebody else holds the lock.
func (m *Mutex) try() (*os.File, error) {
	f, err := os.OpenFile(m.path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	locked, err := lock(f)
	if err != nil {
		_ = f.Close()
		return nil, &fs.PathError{Op: "lock", Path: m.path, Err: err}
	}
	if !locked {
		_ = f.Close()
		return nil, nil
	}
	// Somebody may have removed the file, against the rules, between opening and locking: a lock
	// that no newcomer can find excludes nobody.
	mine, err := f.Stat()
	if err != nil {
		release(f)
		return nil, err
	}
	if found, err := os.Lstat(m.path); err == nil && os.SameFile(mine, found) {
		return f, nil
	}
	release(f)
	return nil, nil
}

// release unlocks before it closes: a child that was forked and has not called exec yet shares the
// open file, and would keep the lock.
func release(f *os.File) {
	_ = unlock(f)
	_ = f.Close()
}
