//go:build unix

package durable

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const errNotDir = syscall.ENOTDIR

func rename(from, to string) error { return os.Rename(from, to) }

// openDir opens a directory in order to flush it.
func openDir(dir string) (*os.File, error) { return os.Open(dir) }

// flush flushes a directory, the names in it and not the files, and closes it.
func flush(d *os.File) error {
	err := d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Chown gives f, a file of root's, to the owner of like, if we are root and like is not root's. A file
// with a second name is left alone: in a directory of somebody else's it may be any file of root's.
func Chown(f *os.File, like fs.FileInfo) error {
	if like == nil || os.Geteuid() != 0 {
		return nil
	}
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if own, ok := info.Sys().(*syscall.Stat_t); !ok || own.Uid != 0 || own.Nlink != 1 {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}
