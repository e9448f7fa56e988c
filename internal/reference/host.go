package reference

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// fromThisMachine tells whether the request came to a loopback address or a unix socket. Whoever listens elsewhere
// has chosen to be reached by any name.
func fromThisMachine(r *http.Request) bool {
	switch addr := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return addr.IP.IsLoopback()
	}
	return false
}

// namesThisMachine tells whether Host is a loopback host: a name that was made to point here (DNS rebinding) is not.
func namesThisMachine(r *http.Request) bool {
	if _, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr); unix {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
