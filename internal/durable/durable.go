// Package durable changes files so that whoever reads them, also after a crash, finds the old content
// or the new one, whole.
//
// When a function here returns nil the change is on the medium: the file was flushed before it was
// put in place and its directory after. Errors wrap those of the operating system, so that
// [errors.Is] finds ENOSPC, EDQUOT, EROFS and EACCES. Nothing here locks: concurrent writers of the
// same file exclude each other before they call.
//
// On Windows the rename is MoveFileEx with write-through, since a directory cannot be flushed there;
// modes mean nothing and the access list of the directory is inherited. On macOS flushing is
// F_FULLFSYNC. A file system that refuses to flush a directory (some FUSE and network ones) is trusted
// to keep the order of its operations.
package durable

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	tempRandom = 8
	tempSuffix = ".tmp"
)

func tempPrefix(path string) string { return "." + filepath.Base(path) + "." }

// Replace puts a file with this content and mode 0600 at path, in the place of whatever file or
// symbolic link was there. It is first written under another name in the same directory. On every
// error that temporary file is removed again; one that a killed process left is removed by [Sweep].
//
// When root replaces a file, the new one belongs to the owner of like: else a service would lose its
// own file to an administrator who ran the same program once. A nil like means no change of owner.
//
// After an error of the last step, flushing the directory, the new content may be in place.
func Replace(path string, data []byte, like fs.FileInfo) (err error) {
	random := make([]byte, tempRandom)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	return inDir(dir, func() error {
		temp := filepath.Join(dir, tempPrefix(path)+hex.EncodeToString(random)+tempSuffix)
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		err = fill(f, data, like)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			err = rename(temp, path)
		}
		if err != nil {
			_ = os.Remove(temp)
		}
		return err
	})
}

// inDir changes the names in a directory for good. The directory is opened before: when it cannot be
// flushed for want of a descriptor, nothing has changed.
func inDir(dir string, change func() error) error {
	d, err := openDir(dir)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		if d != nil {
			_ = d.Close()
		}
		return err
	}
	return flush(d)
}

func fill(f *os.File, data []byte, like fs.FileInfo) error {
	if err := Chown(f, like); err != nil {
		return err
	}
	// The umask may have taken more than the mode asks for.
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// Remove removes the file at path, if there is one, for good.
func Remove(path string) error {
	return inDir(filepath.Dir(path), func() error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// Sweep removes the temporary files that killed processes left of the file at path. The caller holds
// the lock that all writers of path hold, so that none of them is in use.
func Sweep(path string) error {
	dir, prefix := filepath.Dir(path), tempPrefix(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		random, ours := strings.CutPrefix(e.Name(), prefix)
		random, isTemp := strings.CutSuffix(random, tempSuffix)
		if !ours || !isTemp || !e.Type().IsRegular() || !isRandom(random) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func isRandom(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == tempRandom
}

// MkdirAll creates dir and its missing parents with mode 0700, each of them for good.
func MkdirAll(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: dir, Err: errNotDir}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MkdirAll(parent); err != nil {
			return err
		}
	}
	return inDir(parent, func() error {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}
