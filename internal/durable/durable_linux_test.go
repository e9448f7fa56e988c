package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"iot.internal/thingspace/internal/durable"
	"iot.internal/thingspace/internal/scratchfs"
)

func TestPowerFailureLosesNothingThatWasReported(t *testing.T) {
	disk := scratchfs.NewDisk(t)
	dir := filepath.Join(disk.Dir, "a", "b")
	if err := durable.MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(disk.AfterPowerFailure(t), "a", "b")); err != nil {
		t.Fatalf("the directory: %v", err)
	}
	path := filepath.Join(dir, "record")
	for _, content := range []string{"first", "second", strings.Repeat("third", 20_000)} {
		if err := durable.Replace(path, []byte(content), nil); err != nil {
			t.Fatal(err)
		}
		after := disk.AfterPowerFailure(t)
		holds(t, filepath.Join(after, "a", "b", "record"), content)
		if got := names(t, filepath.Join(after, "a", "b")); !slices.Equal(got, []string{"record"}) {
			t.Errorf("after the power failure there are %q", got)
		}
	}
	if err := durable.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(disk.AfterPowerFailure(t), "a", "b", "record")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file is back: %v", err)
	}
	// The disk would lose what is not flushed, or else the above says nothing.
	write(t, filepath.Join(dir, "unflushed"), "content", 0o600)
	if _, err := os.Lstat(filepath.Join(disk.AfterPowerFailure(t), "a", "b", "unflushed")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was never flushed outlived the power failure: %v", err)
	}
}

func TestFullDiskLeavesTheOldFileWhole(t *testing.T) {
	dir := scratchfs.Tmpfs(t, 64<<10)
	path := filepath.Join(dir, "record")
	old := strings.Repeat("o", 40<<10)
	if err := durable.Replace(path, []byte(old), nil); err != nil {
		t.Fatal(err)
	}
	err := durable.Replace(path, []byte(strings.Repeat("n", 40<<10)), nil)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Replace on a full disk: %v", err)
	}
	holds(t, path, old)
	if got := names(t, dir); !slices.Equal(got, []string{"record"}) {
		t.Errorf("left behind: %q", got)
	}
	// What was left behind would fill the disk for good.
	if err := durable.Replace(path, []byte("small"), nil); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyFileSystemIsToldByItsError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "record")
	write(t, path, "old", 0o600)
	scratchfs.ReadOnly(t, dir)
	for name, err := range map[string]error{
		"Replace":  durable.Replace(path, []byte("new"), nil),
		"Remove":   durable.Remove(path),
		"MkdirAll": durable.MkdirAll(filepath.Join(dir, "a")),
	} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s: %v", name, err)
		}
	}
	holds(t, path, "old")
}

func TestUmaskDoesNotReachTheFile(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o777))
	path := filepath.Join(t.TempDir(), "record")
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Replace(path, []byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func owner(t *testing.T, path string) [2]uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	return [2]uint32{stat.Uid, stat.Gid}
}

func TestRootLeavesTheFileToItsOwner(t *testing.T) {
	scratchfs.Root(t)
	path := filepath.Join(t.TempDir(), "record")
	write(t, path, "old", 0o600)
	if err := os.Chown(path, 12345, 54321); err != nil {
		t.Fatal(err)
	}
	like, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.Replace(path, []byte("new"), like); err != nil {
		t.Fatal(err)
	}
	if got := owner(t, path); got != [2]uint32{12345, 54321} {
		t.Errorf("owner %v", got)
	}
	if err := durable.Replace(path, []byte("ours"), nil); err != nil {
		t.Fatal(err)
	}
	if got := owner(t, path); got[0] != 0 {
		t.Errorf("owner %v without a like", got)
	}
}

func TestRootGivesAwayNoFileWithASecondName(t *testing.T) {
	scratchfs.Root(t)
	dir := t.TempDir()
	victim, bait := filepath.Join(dir, "victim"), filepath.Join(dir, "bait")
	write(t, victim, "", 0o600)
	if err := os.Chown(dir, 12345, 54321); err != nil {
		t.Fatal(err)
	}
	like, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	give := func() {
		t.Helper()
		f, err := os.Open(bait)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		if err := durable.Chown(f, like); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(victim, bait); err != nil {
		t.Fatal(err)
	}
	give()
	if got := owner(t, victim); got[0] != 0 {
		t.Errorf("gave the victim to %v", got)
	}
	if err := os.Remove(victim); err != nil {
		t.Fatal(err)
	}
	give()
	if got := owner(t, bait); got[0] != 12345 {
		t.Errorf("kept its own file: %v", got)
	}
}

func TestNothingChangesInADirectoryThatCannotBeFlushed(t *testing.T) {
	scratchfs.Root(t)
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "record")
	write(t, path, "old", 0o600)
	const somebody = 12345
	for _, name := range []string{path, dir} {
		if err := os.Chown(name, somebody, somebody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o300); err != nil { // names can be changed, but not read
		t.Fatal(err)
	}
	as(somebody, func() {
		for what, change := range map[string]func() error{
			"Replace":  func() error { return durable.Replace(path, []byte("new"), nil) },
			"Remove":   func() error { return durable.Remove(path) },
			"MkdirAll": func() error { return durable.MkdirAll(filepath.Join(dir, "sub")) },
		} {
			if err := change(); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	holds(t, path, "old")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// as runs f with the rights that another user has to files.
func as(uid uintptr, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0)
	defer func() { _, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0) }()
	f()
}
