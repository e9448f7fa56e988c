package cli

import (
	"encoding/json"
	"errors"
	"io"
	"syscall"
)

// output is standard output. It remembers that writing failed, so that commands need not ask after
// every line.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}

// failure is what became of the output: a reader that has left had enough, and is no failure.
func (o *output) failure() error {
	if o.err == nil || errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return &failure{
		status: exitFailed, what: "standard output cannot be written: " + o.err.Error(),
		todo: "what was asked for is done, but its result is incomplete", cause: o.err,
	}
}

// json prints one value, indented, with a line end.
func (o *output) json(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, _ = o.Write(append(text, '\n'))
	return nil
}
