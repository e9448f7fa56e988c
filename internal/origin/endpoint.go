package origin

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// sessionEndpoints are what only the session client may call, wherever in a path they stand.
var sessionEndpoints = []string{
	"/session/login",
	"/session/logout",
	"/session/password/actions/reset",
}

// SessionEndpoint reports whether a URL's path leads to one of the three session endpoints or beneath
// them, however it is written: with dots, doubled or back slashes, other case, path parameters, an
// extension, or escaped once or more. A server in front may undo any of these, in any order, so a
// path that uses them is refused as soon as the words are in it.
func SessionEndpoint(u *url.URL) bool {
	if quiet(u.Path) {
		return false
	}
	p, disguised := plain(u.Path)
	if disguised || strings.ContainsAny(p, "\\;% ") || strings.Contains(p, "//") || strings.Contains(p, "./") {
		_, after, found := strings.Cut(p, "session")
		return found && (strings.Contains(after, "login") || strings.Contains(after, "logout") || strings.Contains(after, "reset"))
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

// quiet is the quick look: without the word and without anything that could hide it, there is no
// session endpoint.
func quiet(p string) bool {
	const word = "session"
	for i := range len(p) {
		switch c := p[i]; {
		case c == '%' || c < ' ' || c >= 0x7f:
			return false
		case c|0x20 == word[0] && len(p)-i >= len(word) && p[i+1]|0x20 == word[1]: // most words end here
			if strings.EqualFold(p[i:i+len(word)], word) {
				return false
			}
		}
	}
	return true
}

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
