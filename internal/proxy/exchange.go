package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// exchange is one request with its answer, from the client's side.
type exchange struct {
	http.ResponseWriter

	request *http.Request
	pace    *pace
	body    *body
	duplex  bool // the server leaves the request's body alone when the answer begins
	began   time.Time
	failure *failure

	status  int
	sent    int64
	gone    atomic.Bool // the client cannot be written to
	cut     error       // why the platform's answer broke off
	aborted bool
}

type exchangeKey struct{}

// exchangeOf is the exchange that a request upstream belongs to.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Unwrap lets [http.ResponseController] reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader passes on the status. Those below 200 come while the request is under way, possibly
// from another goroutine.
func (x *exchange) WriteHeader(status int) {
	if status < 200 {
		stripResponse(x.Header())
	} else {
		x.status = status
		x.settleBody()
	}
	x.pace.beforeWrite()
	x.ResponseWriter.WriteHeader(status)
}

// settleBody decides what becomes of a body that is not at its end when the answer begins. What is
// left of it must never be read as the next request. (Without duplex the server reads it before it
// answers, for as long as finish lets it.)
func (x *exchange) settleBody() {
	if x.duplex && !x.body.whole() {
		x.Header().Set("Connection", "close")
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	x.pace.beforeWrite()
	n, err := x.ResponseWriter.Write(p)
	x.sent += int64(n)
	if err != nil {
		x.gone.Store(true)
	}
	return n, err
}

// FlushError implements what [http.ResponseController] flushes with.
func (x *exchange) FlushError() error {
	x.pace.beforeWrite()
	err := x.pace.conn.Flush()
	if err != nil {
		x.gone.Store(true)
	}
	return err
}

// fail answers with the proxy's own error.
func (x *exchange) fail(f *failure) {
	x.failure = f
	f.write(x, x.request.Method == http.MethodHead)
}

// abort breaks the connection: whatever the client has of an answer, it is not all.
func (x *exchange) abort() {
	x.aborted = true
	panic(http.ErrAbortHandler)
}

// outcome sums an exchange up for the log and the metrics.
func (x *exchange) outcome() string {
	switch {
	case x.failure != nil && x.failure.status < 500:
		return outcomeRefused
	case x.failure != nil:
		return outcomeFailed
	case x.cut != nil:
		return outcomeCut
	case x.aborted || x.gone.Load():
		return outcomeGone
	}
	return outcomeAnswered
}

// The outcomes.
const (
	outcomeAnswered = "answered" // the platform's answer was passed on
	outcomeRefused  = "refused"  // the request was not passed on: its sender's mistake
	outcomeFailed   = "failed"   // there was no session, or no answer
	outcomeCut      = "cut"      // the platform's answer broke off, and so did the client's
	outcomeGone     = "gone"     // the client left, or was too slow
)

// logTo writes the line of the access log. The query is left out, and so is a target that is no path:
// both may hold secrets.
func (x *exchange) logTo(logger *slog.Logger, took time.Duration) {
	level := slog.LevelInfo
	outcome := x.outcome()
	attrs := []slog.Attr{
		slog.String("method", clipped(x.request.Method, 16)), slog.String("path", loggedPath(x.request.RequestURI)),
		slog.Int("status", x.status), slog.String("outcome", outcome),
		slog.Int64("in", x.received()), slog.Int64("out", x.sent), slog.Duration("took", took.Round(time.Microsecond)),
	}
	if x.request.RemoteAddr != "" && x.request.RemoteAddr != "@" {
		attrs = append(attrs, slog.String("client", x.request.RemoteAddr))
	}
	cause := x.cut
	if x.failure != nil {
		attrs = append(attrs, slog.String("error", x.failure.name))
		cause = x.failure.cause
	}
	if cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	if outcome == outcomeFailed || outcome == outcomeCut {
		level = slog.LevelWarn
	}
	logger.LogAttrs(context.Background(), level, "request", attrs...)
}

func (x *exchange) received() int64 {
	if x.body == nil {
		return 0
	}
	return x.body.arrived.Load()
}

const loggedLength = 512

func loggedPath(raw string) string {
	if !strings.HasPrefix(raw, "/") {
		return ""
	}
	path, _, _ := strings.Cut(raw, "?")
	return clipped(path, loggedLength)
}

func clipped(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// answerBody notes why the platform's answer ended, and strips the trailers that come then.
type answerBody struct {
	io.ReadCloser

	resp    *http.Response
	x       *exchange
	release func() bool // nil: nothing waits for the context's end
}

// Close lets go of the platform.
func (a *answerBody) Close() error {
	if a.release != nil {
		a.release()
	}
	return a.ReadCloser.Close()
}

func (a *answerBody) Read(p []byte) (int, error) {
	a.x.body.answer(true)
	n, err := a.ReadCloser.Read(p)
	a.x.body.answer(false)
	if errors.Is(err, io.EOF) {
		stripResponse(a.resp.Trailer)
	}
	if ctx := a.resp.Request.Context(); err != nil && errors.Is(context.Cause(ctx), errStalled) {
		err = errStalled
	}
	if err != nil && !errors.Is(err, io.EOF) && a.x.request.Context().Err() == nil {
		a.x.cut = err
	}
	return n, err
}

// bodyFailure judges why a client's body did not come whole; nil means that the client has left.
func bodyFailure(err error) *failure {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failed(slowBody, nil)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrBodyReadAfterClose), isNetwork(err):
		return nil
	}
	return &failure{kind: badBody, cause: err}
}
