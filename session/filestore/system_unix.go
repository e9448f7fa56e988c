//go:build unix

package filestore

import "syscall"

const (
	modesMatter = true
	// lockToLoad: a rename over an open file is no trouble here, and atomic for whoever opens.
	lockToLoad = false
	// openFlags: no symbolic link is followed, and a pipe that somebody put there does not block.
	openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	// openFollow is openFlags for a name that may be a link.
	openFollow = syscall.O_NONBLOCK

	errNotDir       = syscall.ENOTDIR
	errReadOnlyFS   = syscall.EROFS
	errIsMountPoint = syscall.EBUSY
)
