//go:build unix

package proxy

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shortDir is a directory whose name leaves room for a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "px") //nolint:usetesting // the name of a socket is limited to a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func listenAt(t *testing.T, path string) (net.Listener, error) {
	t.Helper()
	l, err := Listen(t.Context(), "unix:"+path, false)
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

func TestASocketIsThisUsersAloneAndGoesWithTheProxy(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	l, err := listenAt(t, path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode()&os.ModeSocket == 0 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := listenAt(t, path); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second: %v", err)
	}
	_ = l.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("after closing: %v", err)
	}
	if _, err := listenAt(t, path); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestOnlyADeadSocketIsRemoved(t *testing.T) {
	dir := shortDir(t)
	dead := filepath.Join(dir, "dead")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false) // as a killed process leaves it
	_ = l.Close()
	if _, err := listenAt(t, dead); err != nil {
		t.Errorf("dead: %v", err)
	}

	alive := filepath.Join(dir, "alive") // another program's, without a lock
	other, err := new(net.ListenConfig).Listen(context.Background(), "unix", alive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := listenAt(t, alive); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("alive: %v", err)
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenAt(t, file); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("file: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := listenAt(t, link); err == nil {
		t.Error("a link is taken for a socket")
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Error(err)
	}
}

func TestADirectoryThatOthersMayWriteToIsRefused(t *testing.T) {
	dir := shortDir(t)
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o777: false, 0o775: false, 0o777 | os.ModeSticky: true} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(dir, "s"), filepath.Join(below, "s")} {
			l, err := Listen(t.Context(), "unix:"+path, false)
			if (err == nil) != want {
				t.Errorf("%v, %s: %v", mode, path, err)
			}
			if err == nil {
				_ = l.Close()
			}
		}
	}
	if _, err := listenAt(t, filepath.Join(dir, "missing", "s")); err == nil {
		t.Error("a directory that is not there")
	}
	if _, err := listenAt(t, filepath.Join(dir, strings.Repeat("x", 200))); err == nil {
		t.Error("a name that is too long")
	}
}
