package origin

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// authority is the host and port of a URL.
type authority struct {
	canonical string // the same for all spellings; with the port always
	wire      string // as written, but for case and a port that needs no telling
	loopback  bool
}

// parseAuthority is strict, so that nobody further down reads a host differently: not the resolver,
// which may take 127.1 or 2130706433 for an address, and not net/http, which maps Unicode to ASCII.
func parseAuthority(scheme, host string) (authority, bool) {
	u := url.URL{Host: host}
	name, port, usual := lower(u.Hostname()), u.Port(), "443"
	if scheme == "http" {
		usual = "80"
	}
	if port == "" {
		port = usual
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return authority{}, false
	}
	var a authority
	wire := name
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" || addr.Is6() != strings.HasPrefix(host, "[") {
			return authority{}, false
		}
		addr = addr.Unmap()
		a.loopback = addr.IsLoopback()
		name = addr.String()
		if wire = name; addr.Is6() {
			wire = "[" + name + "]"
		}
	} else if strings.HasPrefix(host, "[") || !isDNSName(name) {
		return authority{}, false
	} else {
		name = strings.TrimSuffix(name, ".")
		a.loopback = name == "localhost"
	}
	a.canonical = net.JoinHostPort(name, port)
	a.wire = wire
	if port != usual {
		a.wire += ":" + port
	}
	return a, true
}

// isDNSName accepts what resolvers take for a name, underscores included, and nothing that they may
// take for an address. The name is in lower case.
func isDNSName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return false
	}
	var last string
	for last = range strings.SplitSeq(name, ".") {
		if last == "" || len(last) > 63 || strings.ContainsFunc(last, notInName) {
			return false
		}
	}
	// https://url.spec.whatwg.org/#ends-in-a-number-checker
	digits, hexadecimal := strings.CutPrefix(last, "0x")
	return strings.Trim(last, "0123456789") != "" && (!hexadecimal || strings.Trim(digits, "0123456789abcdef") != "")
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// lower is strings.ToLower for ASCII: that one makes a k of the Kelvin sign.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
