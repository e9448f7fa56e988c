// Package origin decides where credentials may go: to one scheme, host and port, over TLS unless that
// is a loopback host, and never to the session endpoints by a back door.
package origin

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Origin is a validated base URL. The zero Origin owns nothing.
type Origin struct {
	scheme string
	host   string // canonical, with the port always
	given  string // the host as it stands in the base URL, for the quick comparison
	wire   string // the host as it is sent to
	path   string // without a slash at the end
}

// Parse validates a base URL: https, or http to a loopback host; a host; no user, query or fragment;
// a plain path. Errors do not repeat any of it, which may hold a password.
func Parse(raw string) (Origin, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Origin{}, errors.New("the base URL is malformed")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return Origin{}, errors.New("the base URL must begin with https:// (or http:// for a loopback host)")
	case u.User != nil:
		return Origin{}, errors.New("the base URL must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		return Origin{}, errors.New("the base URL must not have a query or fragment")
	case u.Hostname() == "":
		return Origin{}, errors.New("the base URL has no host")
	case strings.HasSuffix(u.Host, ":"):
		return Origin{}, errors.New("the base URL has an empty port")
	}
	a, ok := parseAuthority(u.Scheme, u.Host)
	if !ok {
		return Origin{}, errors.New("the base URL's host must be a DNS name in ASCII (xn-- for others) or an IP address " +
			"in its usual form, without a zone, and its port from 1 to 65535")
	}
	if u.Scheme == "http" && !a.loopback {
		return Origin{}, errors.New("the base URL must begin with https://: plain http is for loopback hosts only")
	}
	p := strings.TrimSuffix(u.Path, "/")
	if u.RawPath != "" || strings.ContainsFunc(p, unusual) || p != "" && (p == "/" || path.Clean(p) != p) {
		return Origin{}, errors.New("the base URL's path must be plain, without dots, doubled slashes or escapes")
	}
	return Origin{scheme: u.Scheme, host: a.canonical, given: u.Host, wire: a.wire, path: p}, nil
}

// unusual reports what a base URL's path may not hold: all that would have to be escaped, or that
// somebody on the way may take for more than a name.
func unusual(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("/-._~!$&()*+,=:@", r)
}

// Base is the canonical base URL, without a slash at its end.
func (o Origin) Base() string { return o.scheme + "://" + o.wire + o.path }

// Key identifies the platform: spellings of the same base URL have the same key.
func (o Origin) Key() string { return o.scheme + "://" + o.host + o.path }

// Owns reports whether a request goes to this origin, whatever its path.
func (o *Origin) Owns(req *http.Request) bool {
	u := req.URL
	if u == nil || u.Opaque != "" {
		return false
	}
	if u.Host == o.given && u.Scheme == o.scheme && (req.Host == "" || req.Host == o.given) {
		return o.given != "" // as written in the base URL: nearly always
	}
	if req.Host != "" && !o.is(req.Host) {
		return false // would reach another host's service behind the same address
	}
	return strings.ToLower(u.Scheme) == o.scheme && o.is(u.Host)
}

func (o *Origin) is(host string) bool {
	if host == "" {
		return false
	}
	if host == o.given || host == o.wire {
		return true
	}
	a, ok := parseAuthority(o.scheme, host)
	return ok && a.canonical == o.host
}
