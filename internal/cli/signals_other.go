//go:build !unix

package cli

import "os"

func interruptSignals() []os.Signal { return []os.Signal{os.Interrupt} }

// survivePipes has nothing to do where there is no such signal.
func survivePipes() {}
