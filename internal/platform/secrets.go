package platform

import (
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
)

// usual are the headers that need no mention.
var usual = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "Authorization": true, "Cache-Control": true,
	"Connection": true, "Content-Length": true, "Content-Type": true, "Cookie": true, "Date": true, "Expect": true,
	"Host": true, "Origin": true, "Pragma": true, "Referer": true, "Te": true, "Trailer": true, "Transfer-Encoding": true,
	"User-Agent": true, "Via": true, textproto.CanonicalMIMEHeaderKey(HeaderSession): true,
}

// secretNames are parameters that nobody should put into a URL.
var secretNames = []string{"password", "oldpassword", "client_secret", "access_token", "sessiontoken", "vz-m2m-token", "token"}

// maxHeaderNames bounds the list of unknown headers.
const maxHeaderNames = 64

// misplaced looks for secrets where they do not belong, and notes headers.
func (p *Platform) misplaced(r *http.Request, e Endpoint) bool {
	found := p.holdsSecret(r.URL.Path) || p.holdsSecret(r.URL.RawQuery)
	if r.URL.RawQuery != "" {
		for name, values := range r.URL.Query() {
			for _, secret := range secretNames {
				found = found || strings.EqualFold(name, secret) && strings.Join(values, "") != ""
			}
			for _, value := range values {
				found = found || p.holdsSecret(value)
			}
		}
	}
	for name, values := range r.Header {
		if !usual[name] && len(p.headers) < maxHeaderNames {
			p.headers[name] = true
		}
		switch name {
		case "Authorization":
			// The application's secret is for the OAuth2 endpoints alone.
			if _, _, basic := r.BasicAuth(); basic && e != OAuth && e != Revoke {
				found = true
			}
			continue
		case textproto.CanonicalMIMEHeaderKey(HeaderSession):
			if e == OAuth || e == Revoke {
				found = true
			}
			continue
		case "Cookie":
			p.counters.Cookies++
		}
		for _, value := range values {
			found = found || p.holdsSecret(value)
		}
	}
	return found
}

var guidInText = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// holdsSecret reports whether a text holds a password, an application secret, a bearer or a session
// token that the platform knows.
func (p *Platform) holdsSecret(text string) bool {
	if text == "" {
		return false
	}
	for _, a := range p.apps {
		if a.secret != "" && strings.Contains(text, a.secret) || a.token != "" && strings.Contains(text, a.token) {
			return true
		}
	}
	for _, u := range p.users {
		if u.password != "" && strings.Contains(text, u.password) {
			return true
		}
	}
	for _, token := range guidInText.FindAllString(text, -1) {
		if p.sessions[strings.ToLower(token)] != nil {
			return true
		}
	}
	return false
}
