package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"iot.internal/thingspace/session"
)

// clientName is what CLIENT LIST shows.
const clientName = "thingspace-session"

// link makes the connections of a client that is ours, counts and can cut them.
type link struct {
	address     address
	tls         *tls.Config
	credentials session.CredentialSource
	timeout     time.Duration
	dialled     *atomic.Uint64
	held        atomic.Bool                    // no connection yet
	password    atomic.Pointer[session.Secret] // the latest that was sent

	mu    sync.Mutex
	conns map[*conn]struct{}
}

type conn struct {
	net.Conn
	link    *link
	number  uint64
	dropped atomic.Bool
}

// errDropped is what becomes of operations on a connection that was silent for too long for another
// one.
var errDropped = fmt.Errorf("the connection fell silent: %w", context.DeadlineExceeded)

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.because(err)
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.because(err)
}

func (c *conn) because(err error) error {
	if err != nil && c.dropped.Load() {
		return errDropped
	}
	return err
}

func (c *conn) Close() error {
	c.link.mu.Lock()
	delete(c.link.conns, c)
	c.link.mu.Unlock()
	return c.Conn.Close()
}

func newLink(a address, o options, dialled *atomic.Uint64) *link {
	l := &link{address: a, credentials: o.credentials, timeout: o.timeout, dialled: dialled, conns: map[*conn]struct{}{}}
	if a.scheme == "rediss" {
		if l.tls = o.tls.Clone(); l.tls == nil {
			l.tls = &tls.Config{}
		}
		if l.tls.ServerName == "" {
			l.tls.ServerName = a.host
		}
		l.tls.MinVersion = max(l.tls.MinVersion, tls.VersionTLS12)
	}
	return l
}

// option is the configuration of the client library.
func (l *link) option() rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress: []string{l.address.hostport},
		SelectDB:    l.address.db,
		ClientName:  clientName,
		DialCtxFn:   l.dial,
		// At every new connection, since they may change.
		AuthCredentialsFn: l.login,
		// A server, and not what it says about a cluster.
		ForceSingleClient: true,
		// Nothing that was sent is ever sent again, and nothing is answered from memory.
		DisableRetry: true,
		DisableCache: true,
		// One connection for everything, also for subscriptions, and for what is not answered at once:
		// no operation holds up another one, or leaves an answer behind that is taken for the next.
		PipelineMultiplex: -1,
		AlwaysPipelining:  true,
		RingScaleEachConn: 8, // twice what can be under way, so that putting in does not block
		// Negative: no PING when idle. A silent connection is noticed by its next operation, and the
		// kernel's probes see to the rest.
		Dialer:              net.Dialer{Timeout: l.timeout, KeepAlive: -1},
		ConnWriteTimeout:    l.timeout,
		ReadBufferEachConn:  16 << 10,
		WriteBufferEachConn: 16 << 10,
		ClientSetInfo:       rueidis.DisableClientSetInfo,
	}
}

func (l *link) dial(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
	if l.held.Load() {
		return nil, errHeld
	}
	dialer := net.Dialer{
		Timeout:         l.timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3},
	}
	raw, err := dialer.DialContext(ctx, l.address.network, l.address.hostport)
	if err != nil {
		return nil, err
	}
	if l.tls != nil {
		encrypted := tls.Client(raw, l.tls)
		ctx, cancel := context.WithTimeout(ctx, l.timeout)
		defer cancel()
		if err := encrypted.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		raw = encrypted
	}
	c := &conn{Conn: newGuard(raw), link: l}
	l.mu.Lock()
	c.number = l.dialled.Add(1)
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	return c, nil
}

func (l *link) login(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
	given := rueidis.AuthCredentials{Username: l.address.username}
	if l.credentials == nil {
		return given, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	c, err := l.credentials.Load(ctx)
	if err != nil {
		return given, fmt.Errorf("the credentials for the server cannot be had: %w", err)
	}
	if c.Username != "" {
		given.Username = c.Username
	}
	given.Password = c.Password.Reveal()
	l.password.Store(&c.Password)
	return given, nil
}

// drop cuts the connections up to that number; the next operation makes another one.
func (l *link) drop(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if c.number <= number {
			c.dropped.Store(true)
			_ = c.Conn.Close()
			delete(l.conns, c)
		}
	}
}

var errHeld = errors.New("not connected yet")

// connect makes the client. The library dials once before it returns; if that fails, the client is
// good for later all the same.
func (s *Store) connect(ctx context.Context) error {
	type outcome struct {
		client rueidis.Client
		err    error
	}
	done := make(chan outcome, 1)
	s.own.held.Store(s.options.lazy)
	go func() {
		client, err := rueidis.NewClient(s.own.option())
		s.own.held.Store(false)
		done <- outcome{client, err}
	}()
	select {
	case o := <-done:
		if o.client == nil {
			if o.err == nil {
				o.err = errors.New("there is no client")
			}
			return s.explain(o.err)
		}
		s.client = o.client
		if o.err != nil && !s.options.lazy {
			_ = s.Close()
			return s.explain(o.err)
		}
		return nil
	case <-ctx.Done():
		go func() {
			if o := <-done; o.client != nil {
				o.client.Close()
			}
		}()
		return ctx.Err()
	}
}

// explain makes an error fit to be shown.
func (s *Store) explain(err error) error {
	if s.own == nil {
		return explain(err)
	}
	if p := s.own.password.Load(); p != nil {
		return explain(err, p.Reveal())
	}
	return explain(err)
}
