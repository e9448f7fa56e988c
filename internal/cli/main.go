// Package cli is the thingspace command: what it is told by flags and environment, what it prints,
// and its exit status. What it does with sessions is package session's.
package cli

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/session"
)

// Main runs the command with the process's streams and environment, and returns its exit status.
func Main(args []string) int {
	survivePipes()
	a := newApp(os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)
	a.settings.all = os.Environ
	a.interrupts.leave = a.leave
	return a.run(context.Background(), args)
}

// app is one invocation.
type app struct {
	in      io.Reader
	out     *output
	err     io.Writer
	environ func(string) (string, bool)

	settings   settings
	verbose    bool
	interrupts *interrupts
	configure  func(*session.Config) // what a command wants of its client beyond the settings; nil: nothing
	started    bool                  // the command line was understood, and a command began
}

func newApp(in io.Reader, out, err io.Writer, environ func(string) (string, bool)) *app {
	a := &app{in: in, out: &output{w: out}, err: err, environ: environ}
	a.settings.environ, a.settings.all = environ, func() []string { return nil }
	a.interrupts = &interrupts{notices: err}
	return a
}

// run executes one command line.
func (a *app) run(ctx context.Context, args []string) int {
	ctx, stop := a.interrupts.listen(ctx)
	defer stop()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		if a.out.err != nil {
			err = nil // cobra's own commands return it; report tells
		} else {
			err = misused(root, args, err)
		}
	}
	return a.report(err)
}

// report prints the one line of a failure and returns the exit status.
func (a *app) report(err error) int {
	if err == nil {
		err = a.out.failure()
	}
	status, line := explain(err)
	if line != "" {
		_, _ = io.WriteString(a.err, "thingspace: "+line+"\n")
	}
	return status
}

// leave ends the process although something in it still waits, possibly for whoever should read the line
// that says so.
func (a *app) leave() {
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.report(errInterrupted)
	}()
	select {
	case <-told:
	case <-time.After(100 * time.Millisecond):
	}
	os.Exit(exitFailed)
}

// does wraps what a command does, so that errors of the command line can be told from its own.
func (a *app) does(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		return f(cmd.Context(), args)
	}
}
