// Package origin decides where credentials may go: to one scheme, host and port, over TLS unless that
// is a loopback host, and never to the session endpoints by a back door.
package origin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// Origin is a validated base URL.
type Origin struct {
	scheme string
	host   string // lower case, with the port always
	bare   string // as it stands in the base URL, for the quick comparison
	base   string // canonical, without a slash at the end
}

// Parse validates a base URL: https, or http to a loopback host; a host; no user, query or fragment;
// a plain path. Errors do not repeat the URL, which may hold a password.
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
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return Origin{}, errors.New("the base URL must not have a query or fragment")
	case u.Hostname() == "":
		return Origin{}, errors.New("the base URL has no host")
	case u.RawPath != "" || strings.ContainsAny(u.Path, "\\%;") || path.Clean("/"+u.Path) != "/"+strings.Trim(u.Path, "/"):
		return Origin{}, errors.New("the base URL's path must be plain, without dots, doubled slashes or escapes")
	case strings.HasSuffix(u.Host, ":"):
		return Origin{}, errors.New("the base URL has an empty port")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return Origin{}, fmt.Errorf("plain http is for loopback hosts only: use https to reach %q", u.Hostname())
	}
	host := canonicalHost(u.Scheme, u.Host)
	return Origin{
		scheme: u.Scheme, host: host, bare: u.Host,
		base: u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/"),
	}, nil
}

// Base is the canonical base URL, without a slash at its end.
func (o Origin) Base() string { return o.base }

// Key identifies the platform: spellings of the same base URL have the same key.
func (o Origin) Key() string {
	_, rest, _ := strings.Cut(o.base, "://")
	_, p, _ := strings.Cut(rest, "/")
	return o.scheme + "://" + o.host + "/" + p
}

// Owns reports whether a request goes to this origin, whatever its path.
func (o Origin) Owns(req *http.Request) bool {
	u := req.URL
	if u == nil || u.Opaque != "" {
		return false
	}
	if req.Host != "" && req.Host != u.Host && canonicalHost(o.scheme, req.Host) != o.host {
		return false // would reach another host's service behind the same address
	}
	if u.Scheme == o.scheme && u.Host == o.bare {
		return true
	}
	return strings.EqualFold(u.Scheme, o.scheme) && canonicalHost(o.scheme, u.Host) == o.host
}

// canonicalHost lower-cases a host and fills in the scheme's port.
func canonicalHost(scheme, host string) string {
	u := url.URL{Host: strings.ToLower(host)}
	port := u.Port()
	if port == "" {
		port = "443"
		if scheme == "http" {
			port = "80"
		}
	}
	return strings.TrimSuffix(u.Hostname(), ".") + ":" + port
}

func loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
