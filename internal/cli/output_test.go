package cli

import (
	"errors"
	"syscall"
	"testing"
)

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

func TestAReaderThatLeavesIsNoFailure(t *testing.T) {
	o := &output{w: brokenWriter{&wrapped{syscall.EPIPE}}}
	if _, err := o.Write([]byte("x")); err == nil {
		t.Error("the writer is not told to stop")
	}
	if err := o.failure(); err != nil {
		t.Error(err)
	}
}

func TestAnOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	o := &output{w: brokenWriter{syscall.ENOSPC}}
	_, _ = o.Write([]byte("x"))
	if status, line := explain(o.failure()); status != exitFailed || line == "" {
		t.Error(status, line)
	}
	if _, err := o.Write([]byte("y")); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
}

type wrapped struct{ err error }

func (w *wrapped) Error() string { return "write: " + w.err.Error() }
func (w *wrapped) Unwrap() error { return w.err }

func TestShellQuotingSurvivesTheShell(t *testing.T) {
	if got := shellQuote("a'b $c"); got != `'a'\''b $c'` {
		t.Error(got)
	}
}
