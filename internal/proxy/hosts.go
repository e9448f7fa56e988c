package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Hosts are the names that a request may call the proxy by. Whoever makes a browser resolve a name of
// his own to this machine gets nowhere with it.
type Hosts struct {
	any   bool
	exact map[string]bool // with port
	names map[string]bool // with whatever port
}

// HostsOf returns the names of an address that the proxy listens on, and others. A Unix socket has no
// name: no browser gets there. Of others, one without a port is accepted with any.
func HostsOf(listen net.Addr, others []string) (Hosts, error) {
	h := Hosts{exact: map[string]bool{}, names: map[string]bool{}}
	tcp, ok := listen.(*net.TCPAddr)
	if !ok {
		h.any = true
		return h, nil
	}
	for _, name := range []string{"127.0.0.1", "localhost", "::1", tcp.IP.String()} {
		h.exact[net.JoinHostPort(name, strconv.Itoa(tcp.Port))] = true
		if tcp.Port == 80 {
			h.exact[strings.TrimSuffix(net.JoinHostPort(name, ""), ":")] = true
		}
	}
	for _, raw := range others {
		name := strings.ToLower(raw)
		if host, port, err := net.SplitHostPort(name); err == nil {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
				return Hosts{}, fmt.Errorf("%q has no port from 1 to 65535, or no name", raw)
			}
			h.exact[name] = true
			continue
		}
		if addr, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil && addr.Is6() {
			name = "[" + addr.String() + "]"
		} else if name == "" || strings.ContainsFunc(name, notInName) {
			return Hosts{}, fmt.Errorf("%q: %w", raw, errors.New("write it as NAME or NAME:PORT"))
		}
		h.names[name] = true
	}
	return h, nil
}

func (h Hosts) accept(host string) bool {
	if h.any {
		return true
	}
	host = strings.ToLower(host)
	if h.exact[host] || h.names[host] {
		return true
	}
	if i := strings.LastIndexByte(host, ':'); i > 0 {
		if _, err := strconv.ParseUint(host[i+1:], 10, 16); err == nil {
			return h.names[host[:i]]
		}
	}
	return false
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}
