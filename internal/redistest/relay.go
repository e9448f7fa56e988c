//go:build unix

package redistest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Relay passes connections on to a server, and cuts them where a test says.
type Relay struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	open    map[net.Conn]struct{}
	pairs   map[*pair]struct{}
	refuse  bool
	trigger []byte        // cut when this goes to the server
	before  bool          // cut before it gets there, not after it was answered
	hook    func()        // called before it gets there, instead of cutting
	struck  chan struct{} // closed when the trigger was seen
}

// NewRelay listens on loopback.
func NewRelay(tb testing.TB, target string) *Relay {
	tb.Helper()
	var config net.ListenConfig
	l, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &Relay{listener: l, target: target, open: map[net.Conn]struct{}{}, pairs: map[*pair]struct{}{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.accept()
	}()
	tb.Cleanup(func() {
		_ = l.Close()
		<-done
		r.Cut()
	})
	return r
}

// Addr is where the relay listens.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// URL is the URL of what is behind the relay.
func (r *Relay) URL() string { return "redis://" + r.Addr() }

// Cut breaks every connection.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.open {
		_ = c.Close()
	}
	clear(r.open)
}

// Mute lets every connection stand and nothing pass over it any more, as when the machine at the other
// end is gone. New connections work.
func (r *Relay) Mute() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		p.muted.Store(true)
	}
}

// Inject sends bytes to every client, as if the server did.
func (r *Relay) Inject(b []byte) {
	r.mu.Lock()
	pairs := slices.Collect(maps.Keys(r.pairs))
	r.mu.Unlock()
	for _, p := range pairs {
		_, _ = p.client.Write(b)
	}
}

// Refuse makes the relay close new connections at once, or accept them again.
func (r *Relay) Refuse(refuse bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = refuse
}

// CutBefore breaks the connection over which a chunk with these bytes is sent, and does not pass it on.
// The channel is closed then. It strikes once.
func (r *Relay) CutBefore(marker string) <-chan struct{} { return r.arm(marker, true, nil) }

// CutAfter breaks the connection over which a chunk with these bytes is sent, when the server has
// answered and before anybody hears it. The channel is closed then. It strikes once.
func (r *Relay) CutAfter(marker string) <-chan struct{} { return r.arm(marker, false, nil) }

// Before calls do when a chunk with these bytes is on its way to the server, and passes it on afterwards.
// The channel is closed then. It strikes once.
func (r *Relay) Before(marker string, do func()) <-chan struct{} { return r.arm(marker, false, do) }

func (r *Relay) arm(marker string, before bool, hook func()) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trigger, r.before, r.hook, r.struck = []byte(marker), before, hook, make(chan struct{})
	return r.struck
}

func (r *Relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		refuse := r.refuse
		r.mu.Unlock()
		if refuse {
			_ = client.Close()
			continue
		}
		var dialer net.Dialer
		server, err := dialer.DialContext(context.Background(), "tcp", r.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		pair := &pair{relay: r, client: client, server: server}
		r.mu.Lock()
		r.open[client], r.open[server], r.pairs[pair] = struct{}{}, struct{}{}, struct{}{}
		r.mu.Unlock()
		go pair.toServer()
		go pair.toClient()
	}
}

type pair struct {
	relay          *Relay
	client, server net.Conn
	muted          atomic.Bool
	mu             sync.Mutex
	deaf           chan struct{} // when not nil, the next answer is swallowed, and this closed
}

func (p *pair) cut() {
	_ = p.client.Close()
	_ = p.server.Close()
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	delete(p.relay.open, p.client)
	delete(p.relay.open, p.server)
	delete(p.relay.pairs, p)
}

func (p *pair) toServer() {
	defer p.cut()
	buffer := make([]byte, 64<<10)
	for {
		n, err := p.client.Read(buffer)
		if n > 0 && !p.muted.Load() {
			r := p.relay
			r.mu.Lock()
			struck, before, hook := r.struck, r.before, r.hook
			hit := r.trigger != nil && bytes.Contains(buffer[:n], r.trigger)
			if hit {
				r.trigger = nil
			}
			r.mu.Unlock()
			if hit && before {
				close(struck)
				return
			}
			switch {
			case !hit:
			case hook != nil:
				hook()
				close(struck)
			default:
				p.mu.Lock()
				p.deaf = struck
				p.mu.Unlock()
			}
			if _, err := p.server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *pair) toClient() {
	defer p.cut()
	buffer := make([]byte, 64<<10)
	for {
		n, err := p.server.Read(buffer)
		if n > 0 && !p.muted.Load() {
			p.mu.Lock()
			deaf := p.deaf
			p.mu.Unlock()
			if deaf != nil {
				close(deaf)
				return
			}
			if _, err := io.Copy(p.client, bytes.NewReader(buffer[:n])); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
