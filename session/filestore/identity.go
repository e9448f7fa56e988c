package filestore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"iot.internal/thingspace/internal/durable"
)

// The lock file is never removed, so it is also what tells one store from another: its first user
// writes a random identity into it. Inode numbers would not do, they are used again at once.

const (
	// lockName is one that nobody else uses in a directory that is not the store's alone: the file is
	// written to.
	lockName = "thingspace.lock"
	idBytes  = 16
	idSize   = 2*idBytes + 1
)

func (s *Store) lockPath() string { return filepath.Join(s.dir, lockName) }

func (s *Store) lost() error { return fmt.Errorf("filestore: %s: %w", s.dir, ErrLost) }

// identify learns or checks the identity, and makes one if there is none. The caller holds the lock,
// and flushes the directory with the record that it writes.
func (s *Store) identify(dir fs.FileInfo) error {
	f, err := os.OpenFile(s.lockPath(), os.O_RDWR|openFlags, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	content, err := readRegular(f, idSize)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return err
	}
	id, ok := parseID(content)
	if known := s.id.Load(); known != nil {
		if !ok || id != *known {
			return s.lost()
		}
		return nil
	}
	if !ok {
		if id, err = newID(f, dir); err != nil {
			return err
		}
	}
	s.id.Store(&id)
	return nil
}

// verify checks the identity, or learns it if there is one. It needs no lock: a complete identity
// never changes.
func (s *Store) verify() error {
	known := s.id.Load()
	content, err := readFile(s.lockPath(), idSize)
	switch {
	case known == nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrTooLarge)):
		return nil
	case err != nil && known != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrTooLarge)):
		return s.lost()
	case err != nil:
		return s.explain(err)
	}
	id, ok := parseID(content)
	if known == nil {
		// A second goroutine may have learned it meanwhile: then this was a Load of that same moment.
		if ok {
			s.id.CompareAndSwap(nil, &id)
		}
		return nil
	}
	if !ok || id != *known {
		return s.lost()
	}
	return nil
}

func parseID(content []byte) (string, bool) {
	id, ok := strings.CutSuffix(string(content), "\n")
	b, err := hex.DecodeString(id)
	return id, ok && err == nil && len(b) == idBytes
}

func newID(lock *os.File, dir fs.FileInfo) (string, error) {
	random := make([]byte, idBytes)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	id := hex.EncodeToString(random)
	if err := durable.Chown(lock, dir); err != nil {
		return "", err
	}
	if err := lock.Truncate(0); err != nil {
		return "", err
	}
	if _, err := lock.WriteAt([]byte(id+"\n"), 0); err != nil {
		return "", err
	}
	return id, lock.Sync()
}
