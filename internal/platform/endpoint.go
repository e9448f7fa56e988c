package platform

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Endpoint is a group of requests that are answered alike.
type Endpoint string

// The endpoints.
const (
	OAuth     Endpoint = "oauth"     // POST /ts/v1/oauth2/token
	Revoke    Endpoint = "revoke"    // POST /ts/v1/oauth2/revoke
	Login     Endpoint = "login"     // POST /m2m/v1/session/login
	Logout    Endpoint = "logout"    // POST /m2m/v1/session/logout
	Reset     Endpoint = "reset"     // PUT /m2m/v1/session/password/actions/reset
	Resource  Endpoint = "resource"  // everything else below /m2m/
	Elsewhere Endpoint = "elsewhere" // everything else
)

// Paths of the session endpoints below the base.
const (
	LoginPath  = "/m2m/v1/session/login"
	LogoutPath = "/m2m/v1/session/logout"
	ResetPath  = "/m2m/v1/session/password/actions/reset"

	tokenPath  = "/ts/v1/oauth2/token"
	revokePath = "/ts/v1/oauth2/revoke"
)

var endpoints = map[string]Endpoint{
	tokenPath: OAuth, revokePath: Revoke, LoginPath: Login, LogoutPath: Logout, ResetPath: Reset,
}

func known(e Endpoint) bool {
	switch e {
	case OAuth, Revoke, Login, Logout, Reset, Resource, Elsewhere:
		return true
	}
	return false
}

// method is what the endpoint wants, "" if it takes any.
func (e Endpoint) method() string {
	switch e {
	case OAuth, Revoke, Login, Logout:
		return http.MethodPost
	case Reset:
		return http.MethodPut
	}
	return ""
}

// find returns the endpoint of a request path and the path below the base, cleaned.
func (p *Platform) find(requestPath string) (Endpoint, string) {
	p.mu.Lock()
	loose := p.switches.LoosePaths
	p.mu.Unlock()
	if loose {
		requestPath = loosened(requestPath)
	}
	clean := path.Clean("/" + requestPath)
	below, ok := strings.CutPrefix(clean, p.base)
	if !ok || below != "" && below[0] != '/' {
		return Elsewhere, clean
	}
	if e, ok := endpoints[below]; ok {
		return e, below
	}
	if strings.HasPrefix(below, "/m2m/") {
		return Resource, below
	}
	return Elsewhere, below
}

// loosened undoes what a lenient server may undo.
func loosened(p string) string {
	for range 3 {
		next, err := url.PathUnescape(p)
		if err != nil || next == p {
			break
		}
		p = next
	}
	segments := strings.Split(strings.ReplaceAll(p, `\`, "/"), "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
		segments[i] = strings.TrimSpace(segments[i])
	}
	return strings.ToLower(strings.Join(segments, "/"))
}
