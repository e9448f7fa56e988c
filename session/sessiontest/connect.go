package sessiontest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptrace"
	"net/url"
	"os"
	"syscall"

	"iot.internal/thingspace/internal/platform"
)

// connect pretends to make a connection: the hooks are called in the order that http.Transport and
// net.Dialer call them, and a fault shows as the error that they return.
func connect(trace *httptrace.ClientTrace, u *url.URL, fault platform.Kind) error {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}
	if trace.GetConn != nil {
		trace.GetConn(net.JoinHostPort(host, port))
	}
	if err := resolve(trace, host, address, fault); err != nil {
		return err
	}
	if err := dial(trace, address, fault); err != nil {
		return err
	}
	if u.Scheme == "https" {
		if err := handshake(trace, host, fault); err != nil {
			return err
		}
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: noConn{address: address}})
	}
	if fault == platform.BreakWriting {
		err := &net.OpError{Op: "write", Net: "tcp", Addr: address, Err: os.NewSyscallError("write", syscall.EPIPE)}
		if trace.WroteRequest != nil {
			trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		}
		return err
	}
	return nil
}

func resolve(trace *httptrace.ClientTrace, host string, address *net.TCPAddr, fault platform.Kind) error {
	if trace.DNSStart != nil {
		trace.DNSStart(httptrace.DNSStartInfo{Host: host})
	}
	var err error
	addresses := []net.IPAddr{{IP: address.IP}}
	if fault == platform.NoSuchHost {
		addresses, err = nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if trace.DNSDone != nil {
		trace.DNSDone(httptrace.DNSDoneInfo{Addrs: addresses, Err: err})
	}
	if err != nil {
		return &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	return nil
}

func dial(trace *httptrace.ClientTrace, address *net.TCPAddr, fault platform.Kind) error {
	if trace.ConnectStart != nil {
		trace.ConnectStart("tcp", address.String())
	}
	var err error
	if fault == platform.ConnectionRefused {
		err = &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	if trace.ConnectDone != nil {
		trace.ConnectDone("tcp", address.String(), err)
	}
	return err
}

func handshake(trace *httptrace.ClientTrace, host string, fault platform.Kind) error {
	if trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	var err error
	state := connectionState(host)
	if fault == platform.BadCertificate {
		state, err = tls.ConnectionState{}, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	}
	if trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(state, err)
	}
	return err
}

func connectionState(host string) tls.ConnectionState {
	return tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: host, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
}

// noConn is the connection that hooks are shown: it has addresses and nothing else.
type noConn struct {
	net.Conn
	address net.Addr
}

func (c noConn) LocalAddr() net.Addr  { return c.address }
func (c noConn) RemoteAddr() net.Addr { return c.address }
