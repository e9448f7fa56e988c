package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync/atomic"

	"iot.internal/thingspace/internal/durable"
	"iot.internal/thingspace/internal/flock"
	"iot.internal/thingspace/session"
)

// MaxRecord is the largest record that is read or written, in bytes.
const MaxRecord = 1 << 20

const (
	recordSuffix = ".json"
	maxKey       = 128
)

var (
	// ErrInsecure says that others may write to the directory or a record, or read the credentials file. The
	// error's text says which, and how to mend it.
	ErrInsecure = errors.New("the permissions let others in")
	// ErrLost says that the directory was removed, emptied or replaced after this process had used it, and the
	// count of failed logins with it. The store refuses everything from then on, unless the directory
	// comes back (a file system mounted again): check the password, then restart the process.
	ErrLost = errors.New("the store was removed or replaced while it was in use")
	// ErrNotRegular says that there is something else than a regular file where a file belongs, or a symbolic
	// link where none is followed.
	ErrNotRegular = errors.New("not a regular file")
	// ErrTooLarge says that a file or record is larger than anything this package writes.
	ErrTooLarge = errors.New("too large")
)

// Store keeps each record in a file of one directory, shared by all processes of a host that name the
// same directory. It is safe for concurrent use.
type Store struct {
	dir   string
	mutex *flock.Mutex
	// id is the identity that this process has found in the lock file, nil before.
	id atomic.Pointer[string]
}

var _ session.Store = (*Store)(nil)

// New returns the store in dir. Nothing is read or written before the first use: the first Swap
// creates the directory with mode 0700, and its missing parents. An existing directory is accepted if
// nobody but its owner may write to it.
func New(dir string) *Store {
	// A relative name means what it means now, not after a later Chdir. An empty one is a mistake in
	// somebody's configuration, not the working directory.
	if dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
	}
	return &Store{dir: dir, mutex: flock.MutexAt(filepath.Join(dir, lockName))}
}

// Dir returns the directory.
func (s *Store) Dir() string { return s.dir }

// Load returns the record under key, or nil if there is none. It does not wait for writers. What it
// finds in the file it returns as it is; a file that cannot be read is an error.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.check(key); err != nil {
		return nil, err
	}
	if lockToLoad {
		return s.loadLocked(ctx, key)
	}
	return s.load(key)
}

func (s *Store) load(key string) ([]byte, error) {
	if _, err := s.checkDir(); err != nil {
		if errors.Is(err, fs.ErrNotExist) && s.id.Load() == nil {
			return nil, nil
		}
		return nil, s.explain(err)
	}
	record, err := readRecord(s.record(key))
	if err != nil {
		return nil, s.explain(err)
	}
	// After reading: a record of another directory that has just taken the place is noticed too.
	if err := s.verify(); err != nil {
		return nil, err
	}
	return record, nil
}

// loadLocked is for systems where a reader could get in the way of a rename, or see the moment in
// which there is no file.
func (s *Store) loadLocked(ctx context.Context, key string) ([]byte, error) {
	if !s.used() {
		return s.load(key)
	}
	unlock, err := s.mutex.Lock(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	defer unlock()
	return s.load(key)
}

// Swap replaces old (nil: absent) by new (nil: delete) if and only if the record still is old. It
// waits for other writers until ctx ends; once it has begun to write it finishes. After an error it
// may or may not have happened. When it returns true the change is on the medium.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte) (swapped bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := s.check(key); err != nil {
		return false, err
	}
	if len(new) > MaxRecord {
		return false, fmt.Errorf("filestore: a record of %d bytes: %w", len(new), ErrTooLarge)
	}
	dir, err := s.openDir()
	if err != nil {
		return false, s.explain(err)
	}
	unlock, err := s.mutex.Lock(ctx)
	if err != nil {
		return false, s.explain(err)
	}
	defer unlock()
	if err := s.identify(dir); err != nil {
		return false, s.explain(err)
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	path := s.record(key)
	current, err := readRecord(path)
	if err != nil {
		return false, s.explain(err)
	}
	if (current == nil) != (old == nil) || !bytes.Equal(current, old) {
		return false, nil
	}
	if err := durable.Sweep(path); err != nil {
		return false, s.explain(err)
	}
	if new == nil {
		err = durable.Remove(path)
	} else {
		err = durable.Replace(path, new, dir)
	}
	if err != nil {
		return false, s.explain(err)
	}
	return true, nil
}

func (s *Store) record(key string) string { return filepath.Join(s.dir, key+recordSuffix) }

func (s *Store) explain(err error) error {
	if s.id.Load() != nil && errors.Is(err, fs.ErrNotExist) {
		return s.lost()
	}
	return fmt.Errorf("filestore: %w", err)
}

// check looks at what names a file. A key is in lower case only, because some file systems do not tell
// the difference.
func (s *Store) check(key string) error {
	if s.dir == "" {
		return errors.New("filestore: the name of the directory is empty")
	}
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("filestore: a key has 1 to %d hex digits, not %d", maxKey, len(key))
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return errors.New("filestore: a key consists of lower-case hex digits")
		}
	}
	return nil
}
