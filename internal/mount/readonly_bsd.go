//go:build darwin || freebsd

package mount

import (
	"os"
	"syscall"
)

const mntReadOnly = 0x1 // MNT_RDONLY

// ReadOnly asks the kernel about the mount that the open file is on.
func ReadOnly(f *os.File) bool {
	var st syscall.Statfs_t
	if syscall.Fstatfs(int(f.Fd()), &st) != nil {
		return false
	}
	return st.Flags&mntReadOnly != 0
}
