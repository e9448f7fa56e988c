package origin

import (
	"net/url"
	"path"
	"strings"
)

// sessionEndpoints are what only the session client may call, as path suffixes after cleaning.
var sessionEndpoints = []string{
	"/session/login",
	"/session/logout",
	"/session/password/actions/reset",
}

// SessionEndpoint reports whether a URL's path leads to one of the three session endpoints, however
// it is written: with dots, doubled or back slashes, other case, path parameters, or escaped once or
// more. A server in front may undo any of these.
func SessionEndpoint(u *url.URL) bool {
	if quiet(u.Path) {
		return false
	}
	p := u.Path
	for range 4 { // nobody decodes more often
		if sessionPath(p) {
			return true
		}
		next, err := url.PathUnescape(p)
		if err != nil || next == p {
			break
		}
		p = next
	}
	return sessionPath(p)
}

// quiet is the quick look: without the word and without anything that could hide it, there is no
// session endpoint.
func quiet(p string) bool {
	const word = "session"
	for i := range len(p) {
		switch p[i] {
		case '%', '\\', ';':
			return false
		case 's', 'S':
			if len(p)-i >= len(word) && strings.EqualFold(p[i:i+len(word)], word) {
				return false
			}
		}
		if p[i] >= 0x80 {
			return false
		}
	}
	return true
}

func sessionPath(p string) bool {
	p = strings.ToLower(strings.ReplaceAll(p, `\`, "/"))
	segments := strings.Split(p, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		segments[i] = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
	}
	p = path.Clean("/" + strings.Join(segments, "/"))
	for _, e := range sessionEndpoints {
		if strings.HasSuffix(p, e) {
			return true
		}
	}
	return false
}
