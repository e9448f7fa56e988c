package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"
)

// errTooLate: the process was held up, and what it was about to send may be void by now.
var errTooLate = errors.New("not sent: the time for it has passed")

// onceTransport is a copy of t that sends every request on a connection of its own, over HTTP/1.1: a
// connection that was idle, or is shared, is what makes net/http send again. The connection refuses
// to write after the request's deadline, so that a process that was paused cannot send a login
// whose lease somebody else has taken over.
func onceTransport(t *http.Transport) *http.Transport {
	t = t.Clone()
	t.DisableKeepAlives = true
	t.ResponseHeaderTimeout = 0 // every call has its own limit, and an answer given up may be a password lost
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	dial := t.DialContext
	switch {
	case dial != nil:
	case t.Dial != nil: //nolint:staticcheck // proxies of golang.org/x/net are still plugged in here
		dial = withoutContext(t.Dial) //nolint:staticcheck // as above
	default:
		dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	t.DialContext = guardedDial(dial)
	if t.DialTLSContext == nil && t.DialTLS != nil { //nolint:staticcheck // as above
		t.DialTLSContext = withoutContext(t.DialTLS) //nolint:staticcheck // as above
	}
	if t.DialTLSContext != nil {
		t.DialTLSContext = guardedDial(handshaken(t.DialTLSContext))
	}
	return t
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

var errHTTP2 = errors.New("the transport's own TLS dialer negotiated HTTP/2: logins go over HTTP/1.1 only, which cannot send them twice; " +
	"let it offer http/1.1 alone")

// handshaken makes what can go wrong before a request is written go wrong before that.
func handshaken(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if t, ok := conn.(*tls.Conn); ok {
			if err = t.HandshakeContext(ctx); err == nil && t.ConnectionState().NegotiatedProtocol == "h2" {
				err = errHTTP2
			}
		}
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

func withoutContext(dial func(network, address string) (net.Conn, error)) dialFunc {
	return func(_ context.Context, network, address string) (net.Conn, error) { return dial(network, address) }
}

func guardedDial(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if deadline, ok := ctx.Value(sendByKey{}).(time.Time); ok {
			return &guardedConn{conn, deadline}, nil
		}
		return conn, nil
	}
}

type guardedConn struct {
	net.Conn
	sendBy time.Time
}

func (g *guardedConn) Write(b []byte) (int, error) {
	if late(g.sendBy) {
		return 0, errTooLate
	}
	return g.Conn.Write(b)
}

type sendByKey struct{}

func withSendBy(ctx context.Context, deadline time.Time) context.Context {
	return context.WithValue(ctx, sendByKey{}, deadline)
}

// late looks at both clocks: the monotonic one stands still while a machine is suspended, the wall
// clock may be set back.
func late(deadline time.Time) bool {
	now := time.Now()
	return !now.Before(deadline) || !now.Round(0).Before(deadline.Round(0))
}

// neverLeft reports an error that can only happen before a request is written, from a transport that
// does not tell when it has a connection.
func neverLeft(err error) bool {
	var (
		op          *net.OpError
		dns         *net.DNSError
		unknown     x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || errors.As(err, &unknown) || errors.As(err, &host) ||
		errors.As(err, &invalid) || errors.As(err, &certificate) || errors.As(err, &record)
}
