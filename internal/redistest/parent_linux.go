package redistest

import (
	"os/exec"
	"syscall"
)

// endWithParent keeps a server from outliving a test that was killed or ran out of time.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
