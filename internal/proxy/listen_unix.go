//go:build unix

package proxy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"iot.internal/thingspace/internal/flock"
)

// lockLimit is how long another proxy is given to let go of a socket.
const lockLimit = 200 * time.Millisecond

// listenUnix listens on a socket of mode 0600 in a directory where nobody else can replace it. A lock
// beside it, PATH.lock, tells a socket that is in use from one that a dead process left: only the
// latter is removed.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if path == "" {
		return nil, fmt.Errorf("unix: names no path: %w", ErrAddress)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := trusted(filepath.Dir(path)); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	unlock, err := flock.MutexAt(path + ".lock").Lock(limited)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s: another process listens there", path)
	}
	if err != nil {
		return nil, err
	}
	l, err := bind(ctx, path)
	if err != nil {
		unlock()
		return nil, err
	}
	return &socket{l, unlock}, nil
}

// trusted refuses a path in which others could put a socket of their own in the place of ours: by writing
// to its directory, or by renaming one above it.
func trusted(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	for {
		if err := trustedAlone(dir); err != nil {
			return err
		}
		above := filepath.Dir(dir)
		if above == dir {
			return nil
		}
		dir = above
	}
}

func trustedAlone(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: its owner is not known", dir)
	}
	if s.Uid != 0 && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("the directory %s belongs to another user, who could replace the socket", dir)
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others may write to the directory %s (mode %04o), and could replace the socket: chmod go-w", dir, info.Mode().Perm())
	}
	return nil
}

func bind(ctx context.Context, path string) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	l, err := bindPrivate(ctx, path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		_ = l.Close()
		return nil, errors.Join(fmt.Errorf("%s: others may connect to it", path), err)
	}
	return l, nil
}

// umask is the process's: one caller at a time.
var umask sync.Mutex

// bindPrivate makes the socket with mode 0600 from the start: a chmod after it would leave a moment.
func bindPrivate(ctx context.Context, path string) (net.Listener, error) {
	umask.Lock()
	defer umask.Unlock()
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	return new(net.ListenConfig).Listen(ctx, "unix", path)
}

// removeStale removes a socket that nobody listens on, and nothing else.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is there and is not a socket: it is left alone", path)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("%s: another process listens there", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s: nobody knows whether another process listens there: %w", path, err)
	}
	return os.Remove(path)
}

// socket removes itself when it is closed, before others may take its place.
type socket struct {
	net.Listener

	unlock func()
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	s.unlock()
	return err
}
