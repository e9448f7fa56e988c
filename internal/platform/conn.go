package platform

import (
	"crypto/tls"
	"net"
)

// hangUp closes a connection so that the other side sees a reset, not an orderly end.
func hangUp(conn net.Conn) {
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = raw.Close()
}
