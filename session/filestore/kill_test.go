package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session/filestore"
)

const key = "bcce3ea6fe4f4952bacfeadd80718e83"

// killSoon kills the child at a random moment of what it has just begun.
func (c *child) killSoon(limit time.Duration) {
	time.AfterFunc(rand.N(limit), func() { _ = c.cmd.Process.Kill() })
}

func TestKilledWriterLeavesOldOrNewWhole(t *testing.T) {
	const kills = 50
	dir := filepath.Join(t.TempDir(), "store")
	ours := filestore.New(dir)
	version := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "version %06d\n", i), 2000) }
	var current []byte
	outcome := map[string]int{}
	for i, n := 0, 0; n < kills; n++ {
		c := start(t)
		h := handle{c, 0, dir}
		// One that is acknowledged, and measures how long it takes here and now.
		began := time.Now()
		if ok, err := h.Swap(t.Context(), key, current, version(i)); !ok || err != nil {
			t.Fatalf("Swap = %v, %v", ok, err)
		}
		current = version(i)
		i++
		c.killSoon(2 * time.Since(began))
		var ok bool
		var err error
		for {
			if ok, err = h.Swap(t.Context(), key, current, version(i)); err != nil {
				break
			} else if !ok {
				t.Fatal("Swap = false")
			}
			current = version(i)
			i++
		}
		if !errors.Is(err, errChildDied) {
			t.Fatalf("Swap: %v", err)
		}
		c.kill()
		got, err := ours.Load(t.Context(), key)
		switch {
		case err != nil:
			t.Fatalf("Load after the kill: %v", err)
		case bytes.Equal(got, current):
			outcome["old"]++
		case bytes.Equal(got, version(i)):
			outcome["new"]++
		default:
			t.Fatalf("after the kill the record is neither old nor new: %.40q (%d bytes)", got, len(got))
		}
		current = got
		i++
		outcome["left"] += len(temporaries(t, dir))
	}
	t.Logf("%d kills: %v", kills, outcome)
	// The lock was free every time, and the next writer clears up.
	if ok, err := ours.Swap(t.Context(), key, current, []byte("last")); !ok || err != nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	if left := temporaries(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func temporaries(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".*.tmp"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// Processes count together while some of them are killed: nothing acknowledged is lost, and nobody
// counts more than once.
func TestProcessesLoseNoIncrementAlthoughSomeAreKilled(t *testing.T) {
	const workers, increments = 6, 40
	dir := filepath.Join(t.TempDir(), "store")
	var mu sync.Mutex
	acknowledged, killed := 0, 0
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			c := start(t)
			h := handle{c, 0, dir}
			for i := range increments {
				if worker%2 == 0 && i%10 == 9 {
					c.killSoon(5 * time.Millisecond)
				}
				err := increment(t.Context(), h)
				mu.Lock()
				if err == nil {
					acknowledged++
				} else {
					killed++
				}
				mu.Unlock()
				if err != nil {
					if !errors.Is(err, errChildDied) {
						t.Errorf("increment: %v", err)
						return
					}
					c.kill()
					c = start(t)
					h = handle{c, 0, dir}
				}
			}
		})
	}
	wg.Wait()
	value, err := filestore.New(dir).Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	count := len(value)
	t.Logf("%d acknowledged, %d killed, the record says %d", acknowledged, killed, count)
	if count < acknowledged || count > acknowledged+killed {
		t.Errorf("the record says %d, after %d acknowledged increments and %d killed ones", count, acknowledged, killed)
	}
	if killed == 0 {
		t.Error("nobody was killed")
	}
}

func increment(ctx context.Context, h handle) error {
	for {
		old, err := h.Load(ctx, key)
		if err != nil {
			return err
		}
		ok, err := h.Swap(ctx, key, old, append(bytes.Clone(old), '1'))
		if err != nil || ok {
			return err
		}
	}
}

func TestKilledSaverLeavesOldOrNewCredentialsWhole(t *testing.T) {
	const kills = 40
	dir := t.TempDir()
	path := filepath.Join(dir, "credentials.json")
	password := func(i int) string { return fmt.Sprintf("Wh0a1545a84d%06d%s", i, strings.Repeat(".", 9000)) }
	writeFile(t, path, fmt.Sprintf(`{"username":"zbeeblebrox","password":%q,"note":"kept"}`, password(0)), 0o600)
	current, i := password(0), 1
	outcome := map[string]int{}
	for range kills {
		c := start(t)
		began := time.Now()
		for saved := 0; ; saved++ {
			_, err := c.ask(t.Context(), request{Op: "save", Dir: path, User: "zbeeblebrox", Passwrd: password(i)})
			if errors.Is(err, errChildDied) {
				break
			} else if err != nil {
				t.Fatalf("Save: %v", err)
			}
			current = password(i)
			i++
			if saved == 0 {
				c.killSoon(2 * time.Since(began))
			}
		}
		c.kill()
		got, err := filestore.Credentials(path).Load(t.Context())
		if err != nil {
			t.Fatalf("Load after the kill: %v", err)
		}
		switch got.Password.Reveal() {
		case current:
			outcome["old"]++
		case password(i):
			outcome["new"]++
		default:
			t.Fatal("after the kill the password is neither old nor new")
		}
		current = got.Password.Reveal()
		i++
	}
	t.Logf("%d kills: %v", kills, outcome)
	saveCredentials(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if left := temporaries(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if content, err := os.ReadFile(path); err != nil || !bytes.Contains(content, []byte(`"note": "kept"`)) {
		t.Errorf("an unknown field was lost, or %v", err)
	}
}
