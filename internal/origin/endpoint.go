package origin

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// sessionEndpoints are what only the session client may call, wherever in a path they stand: the
// three of the session, and the two of the bearer. Those want the application's key and secret: a
// bearer gets a 401 there, which looks like a stale one.
var sessionEndpoints = []string{
	"/session/login",
	"/session/logout",
	"/session/password/actions/reset",
	"/oauth2/token",
	"/oauth2/revoke",
}

// disguises are the words of the endpoints: the first, and one of the others somewhere after it.
var disguises = []struct {
	first string
	then  []string
}{
	{"session", []string{"login", "logout", "reset"}},
	{"oauth2", []string{"token", "revoke"}},
}

// SessionEndpoint reports whether a URL's path leads to one of the three session endpoints, the two
// OAuth2 endpoints, or beneath them, however it is written: with dots, doubled or back slashes, other
// case, path parameters, an extension, or escaped once or more. A server in front may undo any of
// these, in any order, so a path that uses them is refused as soon as the words are in it.
func SessionEndpoint(u *url.URL) bool {
	if quiet(u.Path) {
		return false
	}
	p, disguised := plain(u.Path)
	if disguised || strings.ContainsAny(p, "\\;% ") || strings.Contains(p, "//") || strings.Contains(p, "./") || strings.Contains("/"+p, "/.") {
		return disguisedEndpoint(p)
	}
	for _, e := range sessionEndpoints {
		for rest := "/" + p; ; {
			_, after, found := strings.Cut(rest, e)
			if !found {
				break
			}
			if after == "" || !inWord(after[0]) {
				return true
			}
			rest = after
		}
	}
	return false
}

// disguisedEndpoint reports whether the words of an endpoint are in p, whatever is between them.
func disguisedEndpoint(p string) bool {
	for _, d := range disguises {
		_, after, found := strings.Cut(p, d.first)
		if found && slices.ContainsFunc(d.then, func(word string) bool { return strings.Contains(after, word) }) {
			return true
		}
	}
	return false
}

// quiet is the quick look: without the words and without anything that could hide them, there is no
// session endpoint. It looks twice only where two letters of a word stand together that seldom do.
func quiet(p string) bool {
	for i := range len(p) {
		c := p[i]
		if !suspicious[c] {
			continue
		}
		var word string
		var start int
		switch {
		case c|0x20 == 's':
			if i+1 == len(p) || p[i+1]|0x20 != 's' {
				continue
			}
			word, start = "session", i-2
		case c|0x20 == 'h':
			if i+1 == len(p) || p[i+1] != '2' {
				continue
			}
			word, start = "oauth2", i-4
		default:
			return false
		}
		if end := start + len(word); start >= 0 && end <= len(p) && strings.EqualFold(p[start:end], word) {
			return false
		}
	}
	return true
}

// suspicious are the bytes at which quiet has to look twice: what hides a word, and the first of the two
// letters.
var suspicious = func() (table [256]bool) {
	for c := range table {
		table[c] = c == '%' || c < ' ' || c >= 0x7f || c|0x20 == 's' || c|0x20 == 'h'
	}
	return table
}()

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}

// plain undoes escapes of every depth, drops control characters, which it tells of, and folds case as
// generously as a server may.
func plain(p string) (text string, control bool) {
	out := make([]byte, 0, len(p))
	for i := range len(p) {
		out = unescape(append(out, p[i]))
		if n := len(out); n > 0 && (out[n-1] < ' ' || out[n-1] == 0x7f) {
			out, control = out[:n-1], true
		}
	}
	return strings.ToLower(strings.ToUpper(string(out))), control
}

// unescape undoes the escape that the last byte of p completes, and any that this completes in turn.
func unescape(p []byte) []byte {
	for {
		n := len(p)
		switch {
		case n >= 3 && p[n-3] == '%' && isHex(p[n-2:]):
			p = append(p[:n-3], byte(unhex(p[n-2:])&0xff))
		case n >= 6 && p[n-6] == '%' && p[n-5]|0x20 == 'u' && isHex(p[n-4:]): // IIS
			p = utf8.AppendRune(p[:n-6], unhex(p[n-4:]))
		// Overlong UTF-8, which old decoders accept: two bytes, or three, for a character of ASCII.
		case n >= 2 && p[n-2]&^1 == 0xc0 && p[n-1]&0xc0 == 0x80:
			p = append(p[:n-2], p[n-2]<<6|p[n-1]&0x3f)
		case n >= 3 && p[n-3] == 0xe0 && p[n-2]&^1 == 0x80 && p[n-1]&0xc0 == 0x80:
			p = append(p[:n-3], p[n-2]<<6|p[n-1]&0x3f)
		default:
			return p
		}
	}
}

func isHex(digits []byte) bool {
	for _, c := range digits {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func unhex(digits []byte) rune {
	var r rune
	for _, c := range digits {
		if c > '9' {
			c += 9 // 'a' and 'A' end in 1
		}
		r = r<<4 | rune(c&0xf)
	}
	return r
}
