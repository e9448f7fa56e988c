package flock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/flock"
)

const holdVariable = "FLOCK_HOLD"

// TestMain lets the test binary be the other process: it takes the lock, says so, and keeps it until
// its standard input ends or it is killed.
func TestMain(m *testing.M) {
	path := os.Getenv(holdVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	unlock, err := flock.MutexAt(path).Lock(context.Background())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	unlock()
}

type holder struct {
	*exec.Cmd
	release io.Closer
}

func hold(t *testing.T, path string) holder {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return holder{cmd, in}
}

func busy(t *testing.T, m *flock.Mutex) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if unlock, err := m.Lock(ctx); err == nil {
		unlock()
		t.Fatal("locked what somebody else holds")
	} else if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func free(t *testing.T, m *flock.Mutex) {
	t.Helper()
	unlock, err := m.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestLockExcludesOtherProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	other := hold(t, path)
	m := flock.MutexAt(path)
	busy(t, m)
	if err := other.release.Close(); err != nil {
		t.Fatal(err)
	}
	free(t, m)
}

func TestKilledHolderLetsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	other := hold(t, path)
	m := flock.MutexAt(path)
	busy(t, m)
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	free(t, m)
}

func TestLockExcludesOtherMutexesOfTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, second := flock.MutexAt(path), flock.MutexAt(path)
	unlock, err := first.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	busy(t, first)
	busy(t, second)
	unlock()
	free(t, second)
	free(t, first)
}

func TestLockExcludesGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	shared := flock.MutexAt(path)
	var inside atomic.Int32
	count := 0 // by the race detector
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			m := shared
			if worker%2 == 1 {
				m = flock.MutexAt(path)
			}
			for range 20 {
				unlock, err := m.Lock(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				if worker%2 == 0 {
					count++
				}
				inside.Add(-1)
				unlock()
			}
		})
	}
	wg.Wait()
	if count != 4*20 {
		t.Errorf("counted %d", count)
	}
}

// The rule is that nobody removes a lock file. If somebody does, those who had opened it before must
// not get in beside those who made the next.
func TestRemovedLockFileExcludesNobodyFromTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m := flock.MutexAt(path)
			for range 100 {
				unlock, err := m.Lock(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				inside.Add(-1)
				if err := os.Remove(path); err != nil {
					t.Error(err)
				}
				unlock()
			}
		})
	}
	wg.Wait()
}

func TestCancelledWaiterLeavesAtOnceAndLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := flock.MutexAt(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	// A goroutine that stayed would fail the bubble.
	synctest.Test(t, func(t *testing.T) {
		m := flock.MutexAt(path)
		start := time.Now()
		for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if errors.Is(cause, context.Canceled) {
				time.AfterFunc(time.Second, cancel)
			}
			if _, err := m.Lock(ctx); !errors.Is(err, cause) || !strings.Contains(err.Error(), path) {
				t.Errorf("Lock: %v", err)
			}
			cancel()
		}
		if waited := time.Since(start); waited != time.Minute+time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestWaiterInTheQueueOfItsOwnProcessLeavesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flock.MutexAt(filepath.Join(t.TempDir(), "lock"))
		unlock, err := m.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := m.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock: %v", err)
		}
		unlock()
		free(t, m)
	})
}

func TestEndedContextDoesNotEvenCreateTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := flock.MutexAt(path).Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the lock file: %v", err)
	}
}

func TestLockFileIsPrivateAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	m := flock.MutexAt(path)
	free(t, m)
	before, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if before.Mode() != 0o600 {
		t.Errorf("mode %v", before.Mode())
	}
	free(t, m)
	if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("another file: %v", err)
	}
}

func TestLockingKeepsTheContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	free(t, flock.MutexAt(path))
	if content, err := os.ReadFile(path); string(content) != "content" || err != nil {
		t.Fatalf("%q, %v", content, err)
	}
}

func TestUnlockingTwiceFreesNobodyElse(t *testing.T) {
	m := flock.MutexAt(filepath.Join(t.TempDir(), "lock"))
	first, err := m.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first()
	second, err := m.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first()
	busy(t, m)
	second()
	free(t, m)
}

func TestLockFailsWithTheSystemsError(t *testing.T) {
	dir := t.TempDir()
	m := flock.MutexAt(filepath.Join(dir, "missing", "lock"))
	for range 2 { // and lets its own queue go
		if _, err := m.Lock(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("Lock: %v", err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	if _, err := flock.MutexAt(link).Lock(t.Context()); err == nil {
		t.Fatal("followed a symbolic link")
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("created what the link points to: %v", err)
	}
}
