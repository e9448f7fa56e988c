package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"iot.internal/thingspace/internal/durable"
)

// checkDir looks at the directory, which may be a symbolic link to one.
func (s *Store) checkDir() (fs.FileInfo, error) {
	info, err := os.Stat(s.dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: s.dir, Err: errNotDir}
	}
	if modesMatter && info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%w: others may write to %s (mode %04o): chmod go-w, or name a subdirectory",
			ErrInsecure, s.dir, info.Mode().Perm())
	}
	return info, nil
}

// openDir is checkDir for a writer: it creates the directory, but not a second time. A directory that
// has vanished took the count of strikes with it, and a new empty one would look like a fresh account.
func (s *Store) openDir() (fs.FileInfo, error) {
	info, err := s.checkDir()
	if err == nil || !errors.Is(err, fs.ErrNotExist) || s.id.Load() != nil {
		return info, err
	}
	if err := durable.MkdirAll(s.dir); err != nil {
		return nil, err
	}
	return s.checkDir()
}

// used reports whether anybody has ever written to the directory.
func (s *Store) used() bool {
	_, err := os.Lstat(s.lockPath())
	return s.id.Load() != nil || !errors.Is(err, fs.ErrNotExist)
}
