package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"iot.internal/thingspace/session"
)

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// kindOf is what a sentinel is taken for inside of the session's own error.
func kindOf(sentinel error) kind {
	return failureOf(fmt.Errorf("wrapped: %w", errors.Join(&session.Error{Op: "request"}, sentinel))).kind
}
