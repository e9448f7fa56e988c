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
func Tmpfs(tb testing.TB, size int) string {
	tb.Helper()
	dir := tb.TempDir()
	mount(tb, "tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
	return dir
}

// ReadOnly makes what is at path, a directory or a file, read-only for everybody by a mount over
// itself.
func ReadOnly(tb testing.TB, path string) {
	tb.Helper()
	Bind(tb, path, path)
	mount(tb, "", path, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
}

// Bind mounts a directory or a file over another, or over itself, as containers do.
func Bind(tb testing.TB, from, to string) {
	tb.Helper()
	mount(tb, from, to, "", syscall.MS_BIND, "")
}

// Unmount takes away the file system mounted last at dir.
func Unmount(tb testing.TB, dir string) {
	tb.Helper()
	if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
		tb.Fatal(err)
	}
}

func mount(tb testing.TB, source, target, kind string, flags uintptr, data string) {
	tb.Helper()
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		cannot(tb, fmt.Errorf("mount %s %s: %w", kind, target, err))
	}
	if flags&syscall.MS_REMOUNT == 0 {
		tb.Cleanup(func() { _ = syscall.Unmount(target, syscall.MNT_DETACH) })
	}
}

// cannot skips a test that needs what this machine does not permit, and fails it in CI where root may
// mount.
func cannot(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv("CI") == "true" && mayMount() {
		tb.Fatalf("a scratch file system is needed and should work here: %v", err)
	}
	tb.Skipf("this law needs a scratch file system, which takes root on Linux with the right to mount: %v", err)
}

// Root skips a test that only root can do, and fails it in CI.
func Root(tb testing.TB) {
	tb.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		tb.Fatal("CI runs as root, to give files away and to become somebody else")
	default:
		tb.Skip("only root can give files away and become somebody else")
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
func NewDisk(tb testing.TB) *Disk {
	tb.Helper()
	d := &Disk{Dir: tb.TempDir(), image: filepath.Join(tb.TempDir(), "image")}
	f, err := os.Create(d.image)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(diskSize); err != nil {
		tb.Fatal(err)
	}
	run(tb, "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image)
	mountImage(tb, d.image, d.Dir)
	run(tb, "sync", "-f", d.Dir)
	return d
}

// AfterPowerFailure mounts, at the directory it returns, what the disk holds at this moment: what a
// machine would find after its power failed now. The disk itself goes on.
func (d *Disk) AfterPowerFailure(tb testing.TB) string {
	tb.Helper()
	dir, image := tb.TempDir(), filepath.Join(tb.TempDir(), "image")
	from, err := os.Open(d.image)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(image)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		tb.Fatal(err)
	}
	if err := to.Close(); err != nil {
		tb.Fatal(err)
	}
	mountImage(tb, image, dir)
	return dir
}

func mountImage(tb testing.TB, image, dir string) {
	tb.Helper()
	// Without what ext4 does for programs that forget to flush before they rename.
	run(tb, "mount", "-o", "loop,commit=60,noauto_da_alloc,data=writeback", image, dir)
	// Not detached lazily: the loop device must let go of the image before it is removed.
	tb.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		}
	})
}

func run(tb testing.TB, name string, args ...string) {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), name, args...).CombinedOutput() //nolint:gosec // one of three programs
	if err != nil {
		cannot(tb, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out))
	}
}
