package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"iot.internal/thingspace/internal/durable"
)

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, content string) {
	t.Helper()
	if got, err := os.ReadFile(path); string(got) != content || err != nil {
		t.Fatalf("%s holds %q, %v, want %q", path, got, err, content)
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

func TestReplaceMakesAPrivateFileWhateverWasThere(t *testing.T) {
	dir := t.TempDir()
	for name, prepare := range map[string]func(path string){
		"nothing":       func(string) {},
		"readable":      func(path string) { write(t, path, "old", 0o644) },
		"executable":    func(path string) { write(t, path, "old", 0o777) },
		"a longer file": func(path string) { write(t, path, strings.Repeat("old", 9999), 0o600) },
		"a symbolic link": func(path string) {
			write(t, filepath.Join(dir, "target"), "target", 0o600)
			if err := os.Symlink("target", path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		path := filepath.Join(dir, name)
		prepare(path)
		if err := durable.Replace(path, []byte("new"), nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		holds(t, path, "new")
		if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	holds(t, filepath.Join(dir, "target"), "target")
	if got := names(t, dir); len(got) != 6 {
		t.Errorf("left behind: %q", got)
	}
}

func TestReaderSeesOldOrNewNeverHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	version := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%04d\n", i), 4000) }
	if err := durable.Replace(path, version(0), nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for last := ""; ; {
				select {
				case <-done:
					return
				default:
				}
				got, err := os.ReadFile(path)
				if err != nil || len(got) != 5*4000 || !bytes.Equal(got, bytes.Repeat(got[:5], 4000)) {
					t.Errorf("a reader found %d bytes, %v", len(got), err)
					return
				}
				if now := string(got[:5]); now < last {
					t.Errorf("a reader found %q after %q", now, last)
					return
				} else {
					last = now
				}
			}
		})
	}
	for i := range 100 {
		if err := durable.Replace(path, version(i+1), nil); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
}

func TestFailedReplaceLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "record", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Found only by the rename, with the temporary file written.
	if err := durable.Replace(filepath.Join(dir, "record"), []byte("new"), nil); err == nil {
		t.Fatal("replaced a directory")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"record"}) {
		t.Errorf("left behind: %q", got)
	}
	if err := durable.Replace(filepath.Join(dir, "missing", "record"), []byte("new"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
}

func TestSweepRemovesLeftTemporaryFilesAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	others := []string{
		"record", ".record", ".record.tmp", ".record.0123456789abcde.tmp", ".record.0123456789abcdef", ".record.0123456789abcdefg.tmp",
		".record.0123456789abcdxy.tmp", ".record.0123456789abcdef0123.tmp", ".recor.0123456789abcdef.tmp", ".record2.0123456789abcdef.tmp",
		"record.0123456789abcdef.tmp",
	}
	for _, name := range others {
		write(t, filepath.Join(dir, name), "", 0o600)
	}
	if err := os.Mkdir(filepath.Join(dir, ".record.dddddddddddddddd.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	others = append(others, ".record.dddddddddddddddd.tmp")
	write(t, filepath.Join(dir, ".record.0123456789abcdef.tmp"), "left", 0o600)
	write(t, filepath.Join(dir, ".record.fedcba9876543210.tmp"), "left", 0o600)
	if err := durable.Sweep(filepath.Join(dir, "record")); err != nil {
		t.Fatal(err)
	}
	slices.Sort(others)
	if got := names(t, dir); !slices.Equal(got, others) {
		t.Errorf("after the sweep\n%q, want\n%q", got, others)
	}
	if err := durable.Sweep(filepath.Join(dir, "missing", "record")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
}

func TestRemoveIsDoneWhenThereIsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	write(t, path, "old", 0o600)
	for range 2 {
		if err := durable.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("still there: %v", err)
		}
	}
}

func TestMkdirAllMakesPrivateDirectories(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b", "c")
	for range 2 {
		if err := durable.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	for d := dir; d != top; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v, %v", d, info.Mode(), err)
		}
	}
	t.Chdir(top)
	if err := durable.MkdirAll(filepath.Join("relative", "dir")); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(top, "file"), "", 0o600)
	for _, dir := range []string{"file", filepath.Join("file", "below")} {
		if err := durable.MkdirAll(filepath.Join(top, dir)); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestMkdirAllIsForManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := durable.MkdirAll(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
