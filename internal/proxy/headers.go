package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// stripRequest takes off what the client must not say to the platform: credentials, which are the
// session's business; what would make a server act on another method or path than the one that was
// judged; and where the request came from. Underscores count as hyphens, as many servers have it.
func stripRequest(h http.Header) {
	for name := range h {
		if dropped(strings.ReplaceAll(strings.ToLower(name), "_", "-")) {
			delete(h, name)
		}
	}
}

func dropped(name string) bool {
	switch name {
	case "authorization", "vz-m2m-token", "cookie", "cookie2",
		"x-http-method-override", "x-http-method", "x-method-override", "x-original-method",
		"x-original-url", "x-original-uri", "x-rewrite-url", "x-original-host", "x-host",
		"forwarded", "x-real-ip", "x-client-ip", "true-client-ip",
		"connection", "upgrade", "http2-settings", "te", "trailer", "transfer-encoding", "content-length", "keep-alive":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-") || strings.HasPrefix(name, "proxy-") ||
		strings.HasPrefix(name, "thingspace-proxy-") || strings.HasPrefix(name, "sec-fetch-")
}

// stripResponse takes off what is not for the client. The platform's front is known to set a cookie
// that holds the bearer, and no cookie is ever sent back; Alt-Svc would lead the client around the
// proxy; and only the proxy says that the proxy failed.
func stripResponse(h http.Header) {
	h.Del("Set-Cookie")
	h.Del("Set-Cookie2")
	h.Del("Alt-Svc")
	h.Del("Strict-Transport-Security")
	h.Del(ErrorHeader)
}

// relocate rewrites a redirect into the base URL so that it leads through the proxy. Others stay as
// they are: they lead elsewhere, and without the tokens.
func (p *Proxy) relocate(h http.Header) {
	for _, name := range []string{"Location", "Content-Location"} {
		value := h.Get(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.User != nil || u.Opaque != "" {
			continue
		}
		if u.Host == "" && !strings.HasPrefix(value, "/") {
			continue // relative to the request's path
		}
		if u.Host != "" && (u.Scheme != "" && u.Scheme != p.base.Scheme || !strings.EqualFold(u.Host, p.base.Host)) {
			continue
		}
		below, ok := strings.CutPrefix(u.EscapedPath(), p.base.Path)
		if !ok || below == "" || below[0] != '/' {
			continue
		}
		if u.RawQuery != "" {
			below += "?" + u.RawQuery
		}
		if _, f := p.paths.judge(below); f != nil {
			continue
		}
		if u.Fragment != "" {
			below += "#" + u.EscapedFragment()
		}
		h.Set(name, below)
	}
}
