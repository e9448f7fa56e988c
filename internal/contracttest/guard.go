package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

var (
	errPublic = errors.New("a public host gets no login unless it is asked for twice: set CONTRACT_TEST_PUBLIC_HOST to its name and CONTRACT_TEST_SENDS_LOGINS to yes")
	errPlain  = errors.New("plain http goes to loopback only")
	errURL    = errors.New("the base URL is not of the form https://HOST[:PORT][/PATH]")
)

// permission is what somebody has said about public hosts.
type permission struct {
	publicHost  string
	sendsLogins bool
}

func permissionFrom(env func(string) string) permission {
	return permission{publicHost: env("CONTRACT_TEST_PUBLIC_HOST"), sendsLogins: env("CONTRACT_TEST_SENDS_LOGINS") == "yes"}
}

// covers reports that a host was asked for twice.
func (p permission) covers(host string) bool {
	return p.sendsLogins && p.publicHost != "" && strings.EqualFold(p.publicHost, host)
}

// near reports that an address is on this machine or in a private network. Link-local addresses are not: clouds answer
// there with credentials.
func near(addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsPrivate()
}

type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// target is a server that may be tested.
type target struct {
	base      *url.URL
	public    bool // it was asked for twice, so any address will do
	loopback  bool // every address is
	simulator bool // it has our control path
}

// newTarget decides whether a base URL may be tested. It sends nothing.
func newTarget(ctx context.Context, raw string, p permission, dns resolver) (*target, error) {
	base, err := url.Parse(raw)
	if err != nil || base.Hostname() == "" || base.Opaque != "" || base.User != nil || base.RawQuery != "" || base.ForceQuery ||
		base.Fragment != "" || base.RawPath != "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errURL // which may have a secret in it
	}
	base.Path = strings.TrimRight(base.Path, "/")
	t := &target{base: base, public: p.covers(base.Hostname()), loopback: true}
	addrs, err := dns.LookupNetIP(ctx, "ip", base.Hostname())
	if err != nil {
		return nil, fmt.Errorf("the host of the base URL: %w", err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%s has no address", base.Hostname())
	}
	for _, addr := range addrs {
		if !near(addr) && !t.public {
			return nil, fmt.Errorf("%s is at %s: %w", base.Hostname(), addr.Unmap(), errPublic)
		}
		t.loopback = t.loopback && addr.Unmap().IsLoopback()
	}
	if base.Scheme == "http" && !t.loopback {
		return nil, fmt.Errorf("%s: %w", base.Hostname(), errPlain)
	}
	return t, nil
}

// dialer makes connections that the rules allow. They are judged by the address they go to, whatever the name meant before.
func (t *target) dialer() *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		switch addr := to.Addr().Unmap(); {
		case t.base.Scheme == "http" && !addr.IsLoopback():
			return errPlain
		case !near(addr) && !t.public:
			return errPublic
		}
		return nil
	}}
}
