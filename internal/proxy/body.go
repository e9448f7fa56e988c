package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ReplayLimit is how much of a request's body is kept, while it streams, so that the request can be
// sent again when the platform refuses it for a stale token: 1 MiB. A request with a larger body is
// sent once.
const ReplayLimit = 1 << 20

// chunkRead is how much of a chunk is read at a time. The server gives nothing of a chunk before as much
// as is asked for has come: with more, a slow client would seem to have stopped.
const chunkRead = 8 << 10

var (
	errTooLargeToRepeat = errors.New("the body is too large to be sent again")
	errBodyOver         = http.ErrBodyReadAfterClose
)

// body is what a client sends, as it comes, and again from its beginning if it is short.
type body struct {
	src     io.Reader
	chunked bool
	pace    *pace
	arrived atomic.Int64

	reading sync.Mutex // held while src is read: one reader at a time

	mu      sync.Mutex
	kept    kept
	dropped bool  // it is longer than the limit: nothing is kept
	over    error // what src ended with
	stopped bool  // the request is over
	reader  *bodyReader
	stall   *time.Timer // runs while it is the platform's turn, both ways; nil: nobody watches
	taking  bool        // the platform has to come for more of the body
	sending bool        // the platform has to send something of its answer
}

// newBody is the body of a request, nil if it has none.
func newBody(r *http.Request, p *pace) *body {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	b := &body{src: r.Body, pace: p, chunked: r.ContentLength < 0, dropped: r.ContentLength > ReplayLimit}
	b.kept.reserve(r.ContentLength)
	return b
}

// watch calls stalled when the platform has begun to take the body and then neither comes for more nor
// sends anything. While nothing is taken the client is not read either, so nobody would notice that it
// has left.
func (b *body) watch(stalled func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stall = time.AfterFunc(b.pace.outgoing(), stalled)
	b.sending = true
	b.turn()
}

// answer says whether something of the answer is waited for now: not while the client is written to.
func (b *body) answer(waited bool) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sending = waited
	b.turn()
}

// take says whether the platform has to come for more of the body.
func (b *body) take(r *bodyReader, owed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reader == r {
		b.taking = owed
		b.turn()
	}
}

// turn starts the watch anew, or lets it stand still when it is not the platform's turn; it wants b.mu
// held.
func (b *body) turn() {
	switch {
	case b.stall == nil:
	case b.taking && b.sending:
		b.stall.Reset(b.pace.outgoing())
	default:
		b.stall.Stop()
	}
}

// again begins anew. The reader before gets nothing more, even if it is waiting for the client now.
func (b *body) again() (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.stopped:
		return nil, errBodyOver
	case b.dropped && b.reader != nil:
		return nil, errTooLargeToRepeat
	}
	b.reader, b.taking = &bodyReader{b: b}, false
	b.turn()
	return b.reader, nil
}

// repeatable reports whether again may work more than once.
func (b *body) repeatable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.dropped
}

// stop ends every reader, and waits for one that is waiting for the client: the connection's deadline
// must be over.
func (b *body) stop() {
	b.mu.Lock()
	b.stopped, b.reader, b.taking = true, nil, false
	b.turn()
	b.kept.drop()
	b.mu.Unlock()
	b.reading.Lock()
	defer b.reading.Unlock()
}

// whole reports whether the client has sent all of the body.
func (b *body) whole() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Is(b.over, io.EOF)
}

// failed is why the client's body did not come to its end, nil if it did or may yet.
func (b *body) failed() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(b.over, io.EOF) {
		return nil
	}
	return b.over
}

// bodyReader is one reading from the beginning.
type bodyReader struct {
	b      *body
	offset int64 // guarded by b.mu
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.b.take(r, false)
	n, err := r.read(p)
	r.b.take(r, err == nil)
	return n, err
}

func (r *bodyReader) read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b := r.b
	if n, err, done := r.known(p); done {
		return n, err
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	if n, err, done := r.known(p); done { // by a reader before
		return n, err
	}
	b.pace.beforeRead()
	if b.chunked {
		p = p[:min(len(p), chunkRead)]
	}
	n, err := b.src.Read(p)
	b.arrived.Add(int64(n))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = err
	current := b.reader == r
	switch {
	case b.dropped || b.stopped:
	case current && b.kept.size+int64(n) > ReplayLimit:
		b.kept.drop()
		b.dropped = true
	default:
		b.kept.add(p[:n])
	}
	if !current {
		return 0, errBodyOver
	}
	r.offset += int64(n)
	return n, err
}

// known serves what does not need the client.
func (r *bodyReader) known(p []byte) (n int, err error, done bool) { //nolint:revive // done says whether the others count
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.reader != r:
		return 0, errBodyOver, true
	case r.offset < b.kept.size:
		n = b.kept.copyAt(p, r.offset)
		r.offset += int64(n)
		return n, nil, true
	case b.over != nil:
		return 0, b.over, true
	}
	return 0, nil, false
}

// Close ends this reading.
func (r *bodyReader) Close() error {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if r.b.reader == r {
		r.b.reader, r.b.taking = closedReader, false
		r.b.turn()
	}
	return nil
}

// closedReader is the current reader when there is none: it is nobody's.
var closedReader = &bodyReader{}
