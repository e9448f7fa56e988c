package mount

import (
	"os"
	"syscall"
)

const (
	stReadOnly = 0x0001
	stValid    = 0x0020
)

// ReadOnly asks the kernel about the mount that the open file is reached through, so that a read-only
// bind mount of a writable file system counts too.
func ReadOnly(f *os.File) bool {
	var st syscall.Statfs_t
	if syscall.Fstatfs(int(f.Fd()), &st) != nil {
		return false
	}
	return st.Flags&stValid != 0 && st.Flags&stReadOnly != 0
}
