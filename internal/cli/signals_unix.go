//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// interruptSignals are those that a person or a machine ends a command with. All of them wait for a
// password reset.
func interruptSignals() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

// survivePipes makes a write to a pipe without a reader an error instead of the process's death: a
// notice on standard error must not end a password reset.
func survivePipes() { signal.Ignore(syscall.SIGPIPE) }
