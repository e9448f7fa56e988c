package flock

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// Go opens without following a reparse point only for Lstat; the directory is the user's own.
const noFollow = 0

const (
	lockfileFailImmediately = 0x1
	lockfileExclusiveLock   = 0x2

	errLockViolation = syscall.Errno(33)
)

var (
	kernel32     = syscall.NewLazyDLL("kernel32.dll")
	lockFileEx   = kernel32.NewProc("LockFileEx")
	unlockFileEx = kernel32.NewProc("UnlockFileEx")
)

// A lock on Windows is mandatory for its bytes. Locking one byte far beyond the end keeps the content
// readable for everybody.
func region() *syscall.Overlapped {
	return &syscall.Overlapped{Offset: 0xfffffffe, OffsetHigh: 0x7fffffff}
}

func lock(f *os.File) (bool, error) {
	ok, _, err := lockFileEx.Call(f.Fd(), lockfileExclusiveLock|lockfileFailImmediately, 0, 1, 0,
		uintptr(unsafe.Pointer(region()))) //nolint:gosec // a system call takes addresses
	switch {
	case ok != 0:
		return true, nil
	case errors.Is(err, errLockViolation), errors.Is(err, syscall.ERROR_IO_PENDING):
		return false, nil
	}
	return false, err
}

func unlock(f *os.File) error {
	ok, _, err := unlockFileEx.Call(f.Fd(), 0, 1, 0, uintptr(unsafe.Pointer(region()))) //nolint:gosec // a system call takes addresses
	if ok != 0 {
		return nil
	}
	return err
}
