package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

var (
	// ErrAddress says that what to listen on is malformed.
	ErrAddress = errors.New("write it as HOST:PORT, or as unix:PATH")
	// ErrExposed says that others than this machine could use the proxy, and no client token protects it.
	ErrExposed = errors.New("it is not a loopback address, so a client token must protect it")
)

// Listen listens on HOST:PORT, port 0 being any that is free, or on a Unix socket, "unix:PATH", that
// only this user may connect to. Other than loopback addresses are refused unless they are meant.
func Listen(ctx context.Context, address string, exposed bool) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(ctx, path)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", address, ErrAddress)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("%q has no port from 0 to 65535: %w", address, ErrAddress)
	}
	if !exposed && !loopback(host) {
		return nil, fmt.Errorf("%q: %w", address, ErrExposed)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); !exposed && (!ok || !tcp.IP.IsLoopback()) {
		_ = l.Close() // localhost is something else here
		return nil, fmt.Errorf("%q: %w", address, ErrExposed)
	}
	return l, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
