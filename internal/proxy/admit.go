package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
)

// ClientTokenHeader is where a client shows that it may use the proxy. It is a header of its own,
// because SDKs fill in Authorization by themselves, and libraries keep Proxy-Authorization for proxies
// of another kind.
const ClientTokenHeader = "Thingspace-Proxy-Token"

// admit looks at everything that is known before the body. Nothing is sent for a request that fails.
func (p *Proxy) admit(r *http.Request) (target, *failure) {
	t, f := p.paths.judge(r.RequestURI)
	switch {
	case !slices.Contains(methods, r.Method):
		return t, failed(wrongMethod, nil)
	case !p.options.Hosts.accept(r.Host):
		return t, failed(wrongHost, nil)
	case fromBrowser(r.Header):
		return t, failed(browser, nil)
	case !p.known(r.Header):
		return t, failed(noClientToken, nil)
	case f != nil:
		return t, f
	case switches(r.Header):
		return t, failed(upgradeRefused, nil)
	}
	return t, nil
}

// fromBrowser reports what browsers send and others do not: a page anywhere could otherwise have
// requests sent to this machine. Sec-Fetch-Mode alone is not enough: Node's fetch sends it.
func fromBrowser(h http.Header) bool {
	for name := range h {
		switch name {
		case "Origin", "Sec-Fetch-Site", "Sec-Fetch-Dest", "Sec-Fetch-User", "Access-Control-Request-Method", "Access-Control-Request-Private-Network":
			return true
		}
	}
	return false
}

// known reports whether a client has shown one of the client tokens, if there are any to show.
func (p *Proxy) known(h http.Header) bool {
	if p.options.ClientTokens == nil {
		return true
	}
	shown := h[ClientTokenHeader]
	if len(shown) != 1 || shown[0] == "" {
		return false
	}
	// Digests are of one length, so that the comparison tells nothing of the token's.
	digest := sha256.Sum256([]byte(shown[0]))
	found := 0
	for _, token := range p.options.ClientTokens() {
		want := sha256.Sum256([]byte(token))
		found |= subtle.ConstantTimeCompare(digest[:], want[:])
	}
	return found == 1
}

// switches reports a wish for another protocol. HTTP/2 in the clear is an offer that may be ignored:
// Java's client makes it by default.
func switches(h http.Header) bool {
	for _, line := range h["Upgrade"] {
		for protocol := range strings.SplitSeq(line, ",") {
			if !strings.EqualFold(strings.TrimSpace(protocol), "h2c") {
				return true
			}
		}
	}
	return false
}
