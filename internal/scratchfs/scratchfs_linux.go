package scratchfs

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Tmpfs mounts an empty file system of size bytes and returns its directory, of mode 0700.
func Tmpfs(t testing.TB, size int) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, "tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
	return dir
}

// ReadOnly makes what is at path, a directory or a file, read-only for everybody by a mount over
// itself.
func ReadOnly(t testing.TB, path string) {
	t.Helper()
	Bind(t, path)
	mount(t, "", path, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
}

// Bind mounts a directory or a file over itself, as containers do with single files.
func Bind(t testing.TB, path string) {
	t.Helper()
	mount(t, path, path, "", syscall.MS_BIND, "")
}

// Unmount takes away the file system mounted last at dir.
func Unmount(t testing.TB, dir string) {
	t.Helper()
	if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}

func mount(t testing.TB, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		cannot(t, fmt.Errorf("mount %s %s: %w", kind, target, err))
	}
	if flags&syscall.MS_REMOUNT == 0 {
		t.Cleanup(func() { _ = syscall.Unmount(target, syscall.MNT_DETACH) })
	}
}

// cannot skips a test that needs what this machine does not permit, and fails it in CI where root may
// mount.
func cannot(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" && mayMount() {
		t.Fatalf("a scratch file system is needed and should work here: %v", err)
	}
	t.Skipf("this law needs a scratch file system, which takes root on Linux with the right to mount: %v", err)
}

// Root skips a test that only root can do, and fails it in CI.
func Root(t testing.TB) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		t.Fatal("CI runs as root, to give files away and to become somebody else")
	default:
		t.Skip("only root can give files away and become somebody else")
	}
}

const capSysAdmin = 21

func mayMount() bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if mask, ok := strings.CutPrefix(line, "CapEff:"); ok {
			capabilities, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err == nil && capabilities&(1<<capSysAdmin) != 0
		}
	}
	return false
}

// A Disk is an ext4 file system on a block device of its own.
type Disk struct {
	Dir   string // where it is mounted
	image string
}

const diskSize = 16 << 20

// NewDisk makes and mounts a disk. Nothing reaches it but what is flushed: its own writing back would
// begin after five seconds (the commit interval, raised here to a minute).
func NewDisk(t testing.TB) *Disk {
	t.Helper()
	d := &Disk{Dir: t.TempDir(), image: filepath.Join(t.TempDir(), "image")}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(diskSize); err != nil {
		t.Fatal(err)
	}
	run(t, "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image)
	mountImage(t, d.image, d.Dir)
	run(t, "sync", "-f", d.Dir)
	return d
}

// AfterPowerFailure mounts, at the directory it returns, what the disk holds at this moment: what a
// machine would find after its power failed now. The disk itself goes on.
func (d *Disk) AfterPowerFailure(t testing.TB) string {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	from, err := os.Open(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	mountImage(t, image, dir)
	return dir
}

func mountImage(t testing.TB, image, dir string) {
	t.Helper()
	// Without what ext4 does for programs that forget to flush before they rename.
	run(t, "mount", "-o", "loop,commit=60,noauto_da_alloc,data=writeback", image, dir)
	// Not detached lazily: the loop device must let go of the image before it is removed.
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		}
	})
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		cannot(t, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out))
	}
}
