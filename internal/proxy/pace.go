package proxy

import (
	"net/http"
	"sync"
	"time"
)

// pace cuts a client off that stops sending a body, or reading an answer. The deadlines of the
// connection move on as bytes do, so there is no limit on how long a request takes as a whole.
type pace struct {
	conn  *http.ResponseController
	limit time.Duration

	mu      sync.Mutex
	unread  bool // nobody reads the body any more
	over    bool // the connection is somebody else's now
	reading time.Time
	writing time.Time
}

// outgoing is for what goes out. The system's buffers on the way empty in lumps: a write can wait for
// long while the other side takes steadily.
func (p *pace) outgoing() time.Duration { return 4 * p.limit }

// coarse is how often a deadline is moved at most.
func (p *pace) coarse() time.Duration { return p.limit / 16 }

// beforeRead gives the client the whole limit for its next bytes. After the body the server takes the
// deadline off, since it then listens for the client's leaving.
func (p *pace) beforeRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); !p.over && !p.unread && now.Sub(p.reading) > p.coarse() {
		p.reading = now
		_ = p.conn.SetReadDeadline(now.Add(p.limit))
	}
}

func (p *pace) beforeWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); !p.over && now.Sub(p.writing) > p.coarse() {
		p.writing = now
		_ = p.conn.SetWriteDeadline(now.Add(p.outgoing()))
	}
}

// interrupt lets a reader that waits for the client fail at once.
func (p *pace) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unread = true
	_ = p.conn.SetReadDeadline(time.Unix(1, 0))
}

// lingering is how long a client may go on sending a body that nobody wants, so that it gets the answer
// instead of a reset.
const lingering = 2 * time.Second

// linger is for a body that is not wanted any more.
func (p *pace) linger() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = time.Now()
	_ = p.conn.SetReadDeadline(p.reading.Add(min(lingering, p.limit)))
}

// end is the last that is done to the connection for a request. What is buffered is written after it.
func (p *pace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	_ = p.conn.SetWriteDeadline(time.Now().Add(p.outgoing()))
}
