package sessiontest

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// exchange is one request and its answer. A goroutine runs the handler; it ends when the answer has
// been read, the body is closed, or the request's context ends.
type exchange struct {
	req      *http.Request
	trace    *httptrace.ClientTrace
	body     *requestBody
	now      func() time.Time
	hangUp   context.CancelFunc // the client has left
	answer   *stream
	ready    chan struct{} // closed when response or err is set
	response *http.Response
	err      error

	once    sync.Once // for ready
	header  http.Header
	begun   bool  // the handler's header is sent
	left    int64 // of the declared length; -1: none declared
	infoLen int   // of 1xx headers
	first   bool  // the first byte was announced
}

// maxInfo is http.Transport's limit for all headers of an answer, 1xx included, unless a hook looks
// at them.
const maxInfo = 10 << 20

func newExchange(req *http.Request, trace *httptrace.ClientTrace, body *requestBody, now func() time.Time) *exchange {
	return &exchange{
		req: req, trace: trace, body: body, now: now,
		answer: newStream(), ready: make(chan struct{}), header: http.Header{},
	}
}

// run serves a request. ctx is the server's, not the client's.
func (x *exchange) run(ctx context.Context, handler http.Handler, received *http.Request) (*http.Response, error) {
	if x.trace.WroteHeaders != nil {
		x.trace.WroteHeaders()
	}
	ctx, x.hangUp = context.WithCancel(ctx)
	x.body.wrote = func(err error) {
		if x.trace.WroteRequest != nil {
			x.trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		}
		if err != nil {
			x.fail(err)
			x.hangUp()
		}
	}
	if x.body.from == nil {
		x.body.finish(nil)
	}
	received.Body = x.body
	go x.serve(handler, received.WithContext(ctx))

	// Derived, so that the channel belongs to the caller's synctest bubble.
	patience, cancel := context.WithCancel(x.req.Context())
	defer cancel()
	select {
	case <-x.ready:
	case <-patience.Done():
		select {
		case <-x.ready:
		default:
			x.abandon(context.Cause(x.req.Context()))
			return nil, context.Cause(x.req.Context())
		}
	}
	if x.err != nil {
		x.abandon(x.err)
		return nil, x.err
	}
	x.answer.attend(x.req.Context(), x.hangUp)
	return x.response, nil
}

// abandon is the client's leaving before an answer.
func (x *exchange) abandon(err error) {
	x.hangUp()
	x.answer.giveUp(err)
	x.body.close()
}

func (x *exchange) serve(handler http.Handler, r *http.Request) {
	aborted := true
	defer func() {
		if aborted {
			v := recover()
			if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
		}
		x.finish(aborted)
	}()
	handler.ServeHTTP(x, r)
	aborted = false
}

func (x *exchange) finish(aborted bool) {
	switch {
	case aborted && !x.begun:
		x.fail(&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)})
	case aborted || x.left > 0:
		x.answer.end(io.ErrUnexpectedEOF)
	default:
		if !x.begun {
			x.WriteHeader(http.StatusOK)
		}
		x.answer.end(io.EOF)
	}
	if !aborted {
		_, _ = io.CopyN(io.Discard, x.body, 256<<10) // as http.Server does
	}
	x.body.close()
	x.hangUp()
}

// fail ends the exchange without an answer.
func (x *exchange) fail(err error) {
	x.once.Do(func() {
		x.err = err
		close(x.ready)
	})
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.begun {
		return
	}
	x.firstByte()
	if status >= 100 && status <= 199 {
		x.inform(status)
		return
	}
	x.begun = true
	response := x.respond(status)
	x.once.Do(func() {
		x.response = response
		close(x.ready)
	})
}

func (x *exchange) firstByte() {
	if !x.first && x.trace.GotFirstResponseByte != nil {
		x.trace.GotFirstResponseByte()
	}
	x.first = true
}

func (x *exchange) inform(status int) {
	if x.trace.Got1xxResponse != nil {
		if err := x.trace.Got1xxResponse(status, textproto.MIMEHeader(x.header.Clone())); err != nil {
			x.fail(err)
		}
		return
	}
	x.infoLen += len("HTTP/1.1 103 Early Hints\r\n\r\n")
	for name, values := range x.header {
		for _, v := range values {
			x.infoLen += len(name) + len(v) + len(": \r\n")
		}
	}
	if x.infoLen > maxInfo {
		x.fail(errHeaderTooLong)
	}
}

// respond makes the response that the client gets.
func (x *exchange) respond(status int) *http.Response {
	header := maps.Clone(x.header)
	for name, values := range header {
		header[name] = append([]string(nil), values...)
	}
	if header.Get("Date") == "" {
		header.Set("Date", x.now().UTC().Format(http.TimeFormat))
	}
	r := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Request: x.req, ContentLength: -1, Body: x.answer, Close: x.req.Close,
	}
	if x.req.URL.Scheme == "https" {
		state := connectionState(x.req.URL.Hostname())
		r.TLS = &state
	}
	x.left = -1
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		r.ContentLength, x.left = n, n
	} else {
		r.TransferEncoding = []string{"chunked"}
	}
	if x.req.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified {
		r.Body, r.TransferEncoding = http.NoBody, nil
		x.left = 0
		return r
	}
	if wantsGzip(x.req) && header.Get("Content-Encoding") == "gzip" && r.ContentLength != 0 {
		header.Del("Content-Encoding")
		header.Del("Content-Length")
		r.ContentLength, r.Uncompressed = -1, true
		r.Body = &unpacked{packed: x.answer}
	}
	return r
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if !x.begun {
		x.WriteHeader(http.StatusOK)
	}
	if x.left < 0 {
		return x.answer.Write(b)
	}
	part := b[:min(int64(len(b)), x.left)]
	n, err := x.answer.Write(part)
	x.left -= int64(n)
	if err == nil && len(part) < len(b) {
		err = http.ErrContentLength
	}
	return n, err
}

// FlushError implements what http.ResponseController looks for.
func (x *exchange) FlushError() error {
	if !x.begun {
		x.WriteHeader(http.StatusOK)
	}
	return nil
}

var _ http.ResponseWriter = (*exchange)(nil)
