package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/internal/flock"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

const lockName = "thingspace.lock"

func writeFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func swap(t *testing.T, store session.Store, old, new []byte) {
	t.Helper()
	if ok, err := store.Swap(t.Context(), key, old, new); !ok || err != nil {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
}

func holds(t *testing.T, store session.Store, want []byte) {
	t.Helper()
	got, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		t.Fatalf("Load = %.40q, want %.40q", got, want)
	}
}

// refuses requires both operations to fail with an error that is want, and a Load not to say "absent".
func refuses(t *testing.T, store session.Store, want error) {
	t.Helper()
	if value, err := store.Load(t.Context(), key); value != nil || !errors.Is(err, want) {
		t.Errorf("Load = %q, %v, want %v", value, err, want)
	}
	for _, old := range [][]byte{nil, {}, []byte("one")} {
		if ok, err := store.Swap(t.Context(), key, old, []byte("two")); ok || !errors.Is(err, want) {
			t.Errorf("Swap = %v, %v, want %v", ok, err, want)
		}
	}
}

func TestNothingIsTouchedBeforeTheFirstSwap(t *testing.T) {
	top := t.TempDir()
	store := filestore.New(filepath.Join(top, "a", "b"))
	if _, err := store.Load(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if got := names(t, top); len(got) != 0 {
		t.Errorf("created %q", got)
	}
	if want := filepath.Join(top, "a", "b"); store.Dir() != want {
		t.Errorf("Dir = %s, want %s", store.Dir(), want)
	}
}

func TestFilesAndDirectoriesArePrivate(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	swap(t, filestore.New(dir), nil, []byte("one"))
	for path, want := range map[string]fs.FileMode{
		filepath.Join(top, "a"):         fs.ModeDir | 0o700,
		dir:                             fs.ModeDir | 0o700,
		filepath.Join(dir, lockName):    0o600,
		filepath.Join(dir, key+".json"): 0o600,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{key + ".json", lockName}) {
		t.Errorf("the directory holds %q", got)
	}
}

func TestLockFileIsNeverRemoved(t *testing.T) {
	dir := t.TempDir()
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	before, err := os.Lstat(filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	swap(t, store, []byte("one"), nil)
	swap(t, filestore.New(dir), nil, []byte("two"))
	if after, err := os.Lstat(filepath.Join(dir, lockName)); err != nil || !os.SameFile(before, after) {
		t.Errorf("another lock file: %v", err)
	}
}

func TestDirectoryThatOthersMayWriteToIsRefused(t *testing.T) {
	for _, mode := range []fs.FileMode{0o777, 0o770, 0o707, 0o720, 0o702, fs.ModeSticky | 0o777} {
		dir := t.TempDir()
		store := filestore.New(dir)
		chmod(t, dir, mode)
		refuses(t, store, filestore.ErrInsecure)
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("mode %v: created %q", mode, got)
		}
		// Mended, it works; and broken again, it is refused again.
		chmod(t, dir, 0o700)
		swap(t, store, nil, []byte("one"))
		chmod(t, dir, mode)
		refuses(t, store, filestore.ErrInsecure)
		chmod(t, dir, 0o700)
		holds(t, store, []byte("one"))
	}
	for _, mode := range []fs.FileMode{0o755, 0o750, 0o700, 0o711} {
		dir := t.TempDir()
		chmod(t, dir, mode)
		swap(t, filestore.New(dir), nil, []byte("one"))
	}
}

func TestWhatIsNoDirectoryIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "", 0o600)
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		store := filestore.New(dir)
		if value, err := store.Load(t.Context(), key); err == nil {
			t.Errorf("Load = %q without an error", value)
		}
		if ok, err := store.Swap(t.Context(), key, nil, []byte("one")); ok || err == nil {
			t.Errorf("Swap = %v, %v", ok, err)
		}
	}
}

func TestStoreWithoutADirectoryIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	store := filestore.New("")
	if _, err := store.Load(t.Context(), key); err == nil {
		t.Error("Load without an error")
	}
	if ok, err := store.Swap(t.Context(), key, nil, []byte("one")); ok || err == nil {
		t.Errorf("Swap = %v, %v", ok, err)
	}
	if got := names(t, "."); len(got) != 0 {
		t.Errorf("created %q", got)
	}
}

func TestDirectoryMayBeASymbolicLink(t *testing.T) {
	top := t.TempDir()
	link := filepath.Join(top, "link")
	if err := os.Symlink(filepath.Join(top, "real"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(top, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	swap(t, filestore.New(link), nil, []byte("one"))
	holds(t, filestore.New(filepath.Join(top, "real")), []byte("one"))
}

func TestRelativeDirectoryStaysWhereItWas(t *testing.T) {
	t.Chdir(t.TempDir())
	store := filestore.New("store")
	swap(t, store, nil, []byte("one"))
	t.Chdir(t.TempDir())
	holds(t, store, []byte("one"))
}

// A record that is not what this package wrote is no absent record.
func TestRecordThatIsNoPrivateRegularFileIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(path string) error
		want error
	}{
		"a link to a file": {func(path string) error {
			target := filepath.Join(filepath.Dir(path), "target")
			return errors.Join(os.WriteFile(target, []byte("one"), 0o600), os.Symlink(target, path))
		}, filestore.ErrNotRegular},
		"a link to nothing":     {func(path string) error { return os.Symlink("nothing", path) }, filestore.ErrNotRegular},
		"a directory":           {func(path string) error { return os.Mkdir(path, 0o700) }, filestore.ErrNotRegular},
		"a file over the limit": {func(path string) error { return os.WriteFile(path, make([]byte, filestore.MaxRecord+1), 0o600) }, filestore.ErrTooLarge},
		"a file for others to edit": {func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("one"), 0o600), os.Chmod(path, 0o606))
		}, filestore.ErrInsecure},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, key+".json")
			if err := c.put(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			refuses(t, filestore.New(dir), c.want)
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
				t.Errorf("what was there is gone: %v", err)
			}
		})
	}
}

func TestOddContentIsHandedOutAsItIs(t *testing.T) {
	for _, content := range []string{"", "\x00\x00\x00", `{"version":1,"stri`, "not ours", strings.Repeat("x", filestore.MaxRecord)} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, key+".json"), content, 0o600)
		store := filestore.New(dir)
		holds(t, store, []byte(content))
		if ok, err := store.Swap(t.Context(), key, nil, []byte("new")); ok || err != nil {
			t.Errorf("Swap took it for absent: %v, %v", ok, err)
		}
		holds(t, store, []byte(content))
		swap(t, store, []byte(content), []byte("new"))
	}
}

func TestRecordOverTheLimitIsRefusedBeforeAnythingIsDone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	store := filestore.New(dir)
	if ok, err := store.Swap(t.Context(), key, nil, make([]byte, filestore.MaxRecord+1)); ok || !errors.Is(err, filestore.ErrTooLarge) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory: %v", err)
	}
	swap(t, store, nil, make([]byte, filestore.MaxRecord))
	holds(t, store, make([]byte, filestore.MaxRecord))
}

func TestKeyThatIsNotHexIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	store := filestore.New(dir)
	for _, bad := range []string{
		"", "..", "../x", "a/b", `a\b`, lockName, "A0", "xyz", "a b", "a\x00", "ab.json", "0x1", "é", strings.Repeat("a", 129),
	} {
		if value, err := store.Load(t.Context(), bad); value != nil || err == nil {
			t.Errorf("Load(%q) = %q, %v", bad, value, err)
		}
		if ok, err := store.Swap(t.Context(), bad, nil, []byte("one")); ok || err == nil {
			t.Errorf("Swap(%q) = %v, %v", bad, ok, err)
		}
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory: %v", err)
	}
}

// A process that is stopped while it holds the lock is the worst case.
func TestHeldLockStopsWritersUntilTheirContextEndsAndReadersNever(t *testing.T) {
	dir := t.TempDir()
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	unlock, err := flock.MutexAt(filepath.Join(dir, lockName)).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if ok, err := store.Swap(ctx, key, []byte("one"), []byte("two")); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Swap = %v, %v", ok, err)
	}
	holds(t, store, []byte("one"))
	unlock()
	swap(t, store, []byte("one"), []byte("two"))
}

func TestErrorsNameNoContent(t *testing.T) {
	dir := t.TempDir()
	store := filestore.New(dir)
	swap(t, store, nil, []byte("bcce3ea6-fe4f-4952"))
	chmod(t, dir, 0o777)
	_, loadErr := store.Load(t.Context(), key)
	_, swapErr := store.Swap(t.Context(), key, []byte("bcce3ea6-fe4f-4952"), []byte("Wh0a1545a84d"))
	for _, err := range []error{loadErr, swapErr} {
		if err == nil || strings.Contains(err.Error(), "4952") || strings.Contains(err.Error(), "Wh0a") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v", err)
		}
	}
}
