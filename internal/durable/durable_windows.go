package durable

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const (
	errNotDir = syscall.ENOTDIR

	moveFileReplaceExisting = 0x1
	moveFileWriteThrough    = 0x8

	errSharingViolation = syscall.Errno(32)

	// Virus scanners and indexers hold a new file open for a moment; cmd/go's robustio waits as long.
	renameLimit = 2 * time.Second
)

var moveFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("MoveFileExW")

func rename(from, to string) error {
	for wait, waited := time.Millisecond, time.Duration(0); ; wait *= 2 {
		err := move(from, to)
		if !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, errSharingViolation) {
			return err
		}
		if waited >= renameLimit {
			return err
		}
		pause := wait/2 + rand.N(wait) //nolint:gosec // jitter is no secret
		<-time.After(pause)
		waited += pause
	}
}

func move(from, to string) error {
	src, err := syscall.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	dst, err := syscall.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	ok, _, err := moveFileEx.Call(uintptr(unsafe.Pointer(src)), uintptr(unsafe.Pointer(dst)), //nolint:gosec // a system call takes addresses
		moveFileReplaceExisting|moveFileWriteThrough)
	if ok != 0 {
		return nil
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// Windows cannot flush a directory, and the rename was written through.
func openDir(string) (*os.File, error) { return nil, nil }

func flush(*os.File) error { return nil }

// Chown does nothing: a new file inherits its access list from the directory.
func Chown(*os.File, fs.FileInfo) error { return nil }
