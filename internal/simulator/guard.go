package simulator

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard lets through what comes from this machine and not from a browser page of another origin: not
// by its Origin, and not by a host name that was made to point here.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reason := intruder(r); reason != "" {
			refuse(w, http.StatusForbidden, reason)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func intruder(r *http.Request) string {
	if !boundLocally(r) {
		return "the control path answers on a loopback address only"
	}
	if !loopbackHost(r.Host) && !unixSocket(r) {
		return "the control path is for requests to a loopback host"
	}
	origin := r.Header.Get("Origin")
	if origin != "" {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return "the control path is not for pages of another origin"
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return ""
	}
	return "the control path is not for pages of another origin"
}

func localAddr(r *http.Request) net.Addr {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return addr
}

func unixSocket(r *http.Request) bool {
	_, ok := localAddr(r).(*net.UnixAddr)
	return ok
}

func boundLocally(r *http.Request) bool {
	switch addr := localAddr(r).(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return addr.IP.IsLoopback()
	}
	return false
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
