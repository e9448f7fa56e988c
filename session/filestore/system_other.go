//go:build !unix

package filestore

import (
	"errors"
	"os"
)

const (
	// modesMatter: what Go reports as a mode here says nothing about who may read or write.
	modesMatter = false
	lockToLoad  = true
	openFlags   = os.O_RDONLY
	openFollow  = os.O_RDONLY
)

var (
	errNotDir       = errors.New("not a directory")
	errReadOnlyFS   = errors.New("read-only file system")
	errIsMountPoint = errors.New("a mount point")
)
