package killtest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/scratchfs"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// trouble keeps a file from being written. mend takes it away again.
type trouble func(t *testing.T, s *stage) (mend func())

// fill fills the file system that a directory is on, to the last byte.
func fill(t *testing.T, dir string) (mend func()) {
	t.Helper()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

func credentialsDiskFull(t *testing.T, s *stage) func() {
	t.Helper()
	return fill(t, filepath.Dir(s.file))
}

func storeDiskFull(t *testing.T, s *stage) func() {
	t.Helper()
	return fill(t, s.dir)
}

func bothDisksFull(t *testing.T, s *stage) func() {
	t.Helper()
	one, other := credentialsDiskFull(t, s), storeDiskFull(t, s)
	return func() { one(); other() }
}

func markedReadOnly(t *testing.T, s *stage) func() {
	t.Helper()
	mode := func(m fs.FileMode) {
		if err := os.Chmod(s.file, m); err != nil {
			t.Fatal(err)
		}
	}
	mode(0o400)
	return func() { mode(0o600) }
}

func readOnlyFileSystem(t *testing.T, s *stage) func() {
	t.Helper()
	dir := filepath.Dir(s.file)
	scratchfs.ReadOnly(t, dir)
	return func() { scratchfs.Unmount(t, dir) }
}

// aMountItself is how a container gets a single file: it can be written to, and not replaced.
func aMountItself(t *testing.T, s *stage) func() {
	t.Helper()
	scratchfs.Bind(t, s.file, s.file)
	return func() { scratchfs.Unmount(t, s.file) }
}

// onDisks is a stage with credentials and store on small file systems of their own.
func onDisks(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, scratchfs.Tmpfs(t, 64<<10))
	s.dir = scratchfs.Tmpfs(t, 64<<10)
	return s
}

// unchanged checks that no password has changed, and that the record says nothing of a rotation and counts nothing.
func (s *stage) unchanged(t *testing.T) {
	t.Helper()
	if s.password() != s.old || s.platform.Password() != s.old {
		t.Errorf("the file has the old password: %v, the platform: %v", s.password() == s.old, s.platform.Password() == s.old)
	}
	if n := s.platform.Counters().Resets; n != 0 {
		t.Errorf("%d resets were sent", n)
	}
	if record, _ := s.record(t); record.Rotation != nil || len(record.Strikes) != 0 {
		t.Errorf("the record speaks of a rotation: %v; of %d strikes", record.Rotation != nil, len(record.Strikes))
	}
}

func TestG4WhatKeepsAPasswordFromBeingSavedIsFoundBeforeTheResetIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		trouble trouble
		is      []error
	}{
		"the credentials' disk is full":    {credentialsDiskFull, []error{syscall.ENOSPC}},
		"the store's disk is full":         {storeDiskFull, []error{syscall.ENOSPC, session.ErrStoreUnavailable}},
		"both disks are full":              {bothDisksFull, []error{syscall.ENOSPC}},
		"the file is marked read-only":     {markedReadOnly, []error{filestore.ErrReadOnly, fs.ErrPermission}},
		"the file system is read-only":     {readOnlyFileSystem, []error{filestore.ErrReadOnly, syscall.EROFS}},
		"the file is a mount point itself": {aMountItself, []error{filestore.ErrReadOnly, syscall.EBUSY}},
	} {
		t.Run(name, func(t *testing.T) {
			s := onDisks(t)
			bubble(t, func(t *testing.T) {
				rotator := client(t, s.config())
				if _, err := rotator.Token(t.Context()); err != nil {
					t.Fatal(err)
				}
				mend := c.trouble(t, s)
				_, err := rotator.ResetPassword(t.Context())
				for _, is := range c.is {
					if !errors.Is(err, is) {
						t.Errorf("error %v, want one that is %v", err, is)
					}
				}
				if err != nil && strings.Contains(err.Error(), s.old) {
					t.Error("the error prints the password")
				}
				s.unchanged(t)
				mend()
				s.goOn(t, false)
			})
		})
	}
}

func TestG4WhatComesBetweenTheProofAndTheSavingLosesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		trouble trouble
		is      error        // of the rotation; nil: it succeeds all the same
		phase   ledger.Phase // what the record says while the trouble lasts
	}{
		"the credentials' disk is full":    {credentialsDiskFull, syscall.ENOSPC, ledger.Saving},
		"the store's disk is full":         {storeDiskFull, nil, ledger.Sending},
		"both disks are full":              {bothDisksFull, syscall.ENOSPC, ledger.Sending},
		"the file is marked read-only":     {markedReadOnly, filestore.ErrReadOnly, ledger.Saving},
		"the file system is read-only":     {readOnlyFileSystem, filestore.ErrReadOnly, ledger.Saving},
		"the file is a mount point itself": {aMountItself, filestore.ErrReadOnly, ledger.Saving},
	} {
		t.Run(name, func(t *testing.T) {
			s := onDisks(t)
			bubble(t, func(t *testing.T) {
				var mend func()
				cfg := s.config()
				cfg.Trace = &session.Trace{Rotation: func(e session.RotationEvent) {
					if e.Phase == "sent" {
						mend = c.trouble(t, s)
					}
				}}
				got, err := client(t, cfg).ResetPassword(t.Context())
				var unsaved *session.RotationError
				switch {
				case c.is == nil && (err != nil || got.Reveal() != s.platform.Password() || s.password() != s.platform.Password()):
					t.Errorf("with the store out of order: %v", err)
				case c.is != nil && !errors.As(err, &unsaved):
					t.Fatalf("error %v, want a RotationError", err)
				case c.is != nil:
					got = unsaved.NewPassword()
					if !errors.Is(err, c.is) || got.Reveal() != s.platform.Password() || s.password() != s.old {
						t.Errorf("error %v; it holds the password in force: %v", err, got.Reveal() == s.platform.Password())
					}
					if strings.Contains(err.Error(), got.Reveal()) {
						t.Error("the error prints the password")
					}
				}
				if phase := s.mark(t); phase != c.phase {
					t.Errorf("the record says %q, want %q", phase, c.phase)
				}
				mend()
				if c.is != nil && c.phase != ledger.Saving {
					// Nothing but the error had it: a person keeps it, and puts it into the file.
					kept := session.Credentials{Username: s.platform.Username(), Password: got}
					if err := filestore.Credentials(s.file).Save(t.Context(), kept); err != nil {
						t.Fatal(err)
					}
				}
				began := time.Now()
				if err := login(t, client(t, s.config())); err != nil {
					t.Errorf("afterwards: %v", err)
				}
				// Whoever could not save has said so; else it looks as if it had died.
				if took := time.Since(began); c.phase == ledger.Saving && took > time.Minute {
					t.Errorf("others waited %v for it", took)
				}
				if s.password() != s.platform.Password() || s.password() != got.Reveal() {
					t.Error("the file has another password than the platform")
				}
				if n := s.refused(); n != 0 {
					t.Errorf("%d strikes", n)
				}
				s.goOn(t, false)
			})
		})
	}
}

// somebody is a user without rights, and without an account.
const somebody = 54321

func TestG4ADirectoryThatTheUserMayNotWriteToIsFoundBeforeTheResetIsSent(t *testing.T) {
	scratchfs.Root(t)
	dir := top(t, media(t, false)[0].dir)
	s := newStage(t, dir)
	s.dir = filepath.Join(dir, "state", "store")
	for _, d := range []string{filepath.Dir(dir), dir, filepath.Dir(s.dir)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{s.file, filepath.Dir(s.dir)} {
		if err := os.Chown(path, somebody, somebody); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program") // the test binary is where nobody else gets in
	copyFile(t, program, os.Args[0])
	p := startCommand(t, s.orders(), func(cmd *exec.Cmd) {
		cmd.Path, cmd.Dir = program, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: somebody, Gid: somebody}}
	})
	p.rotate()
	if status := p.finish(); status != 1 || !p.prints("nothing was sent") || !p.prints("permission denied") {
		t.Errorf("status %d: %s", status, &p.stderr)
	}
	s.unchanged(t)
	if err := os.Chown(dir, somebody, somebody); err != nil {
		t.Fatal(err)
	}
	s.silence()
	bubble(t, func(t *testing.T) { s.goOn(t, false) })
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
