package sessiontest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
)

var errHeaderTooLong = errors.New("net/http: server response headers exceeded 10485760 bytes; aborted")

// requestBody is the body of a request on its way to the handler.
type requestBody struct {
	from     io.ReadCloser // nil: none
	declared int64         // 0 with a body: not known
	read     int64
	wrote    func(error) // called once, when the request is written or cannot be
	written  sync.Once
	closed   sync.Once
}

// Read is called by the handler alone.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.from == nil {
		return 0, io.EOF
	}
	n, err := b.from.Read(p)
	b.read += int64(n)
	if b.declared > 0 && (b.read > b.declared || errors.Is(err, io.EOF) && b.read < b.declared) {
		err = errors.New("http: Request.ContentLength does not match the length of the body")
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.finish(nil)
		return n, io.EOF
	}
	b.finish(err)
	return n, io.ErrUnexpectedEOF // what the server sees of a client that gives up
}

// Close is the handler's; the client's body is closed when the exchange is over.
func (b *requestBody) Close() error { return nil }

func (b *requestBody) finish(err error) {
	b.written.Do(func() { b.wrote(err) })
}

func (b *requestBody) close() {
	b.closed.Do(func() {
		if b.from != nil {
			_ = b.from.Close()
		}
	})
}

// streamBuffer is how far a handler may be ahead of the reader, like the buffers of a socket: an
// answer that fits is delivered although nobody reads it.
const streamBuffer = 64 << 10

// stream is the body of an answer on its way to the client.
type stream struct {
	mu     sync.Mutex
	change *sync.Cond
	buffer bytes.Buffer
	ended  error // by the handler: io.EOF, or what the reader shall see
	left   error // by the client
	hangUp func()
	stop   func() bool // ends the watch of the context
}

func newStream() *stream {
	s := &stream{}
	s.change = sync.NewCond(&s.mu)
	return s
}

// attend makes the end of ctx the end of reading.
func (s *stream) attend(ctx context.Context, hangUp func()) {
	stop := context.AfterFunc(ctx, func() {
		s.giveUp(context.Cause(ctx))
		hangUp()
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp, s.stop = hangUp, stop
}

// Write implements io.Writer for the handler.
func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for len(b) > 0 {
		for s.left == nil && s.buffer.Len() >= streamBuffer {
			s.change.Wait()
		}
		if s.left != nil {
			return written, syscall.EPIPE
		}
		n := min(len(b), streamBuffer-s.buffer.Len())
		s.buffer.Write(b[:n])
		written += n
		b = b[n:]
		s.change.Broadcast()
	}
	return written, nil
}

func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = err
	s.change.Broadcast()
}

func (s *stream) giveUp(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == nil {
		s.left = err
	}
	s.change.Broadcast()
}

// Read implements io.Reader for the client.
func (s *stream) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.left == nil && s.ended == nil && s.buffer.Len() == 0 {
		s.change.Wait()
	}
	switch {
	case s.left != nil:
		return 0, s.left
	case s.buffer.Len() > 0:
		n, _ := s.buffer.Read(b)
		s.change.Broadcast()
		return n, nil
	}
	s.stop()
	return 0, s.ended
}

// Close implements io.Closer for the client.
func (s *stream) Close() error {
	s.giveUp(http.ErrBodyReadAfterClose)
	s.mu.Lock()
	stop, hangUp := s.stop, s.hangUp
	s.mu.Unlock()
	stop()
	hangUp()
	return nil
}

// unpacked is what http.Transport makes of a packed body that it asked for.
type unpacked struct {
	packed *stream
	reader *gzip.Reader
	err    error
}

func (u *unpacked) Read(b []byte) (int, error) {
	if u.reader == nil && u.err == nil {
		u.reader, u.err = gzip.NewReader(u.packed)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.reader.Read(b)
}

func (u *unpacked) Close() error { return u.packed.Close() }
