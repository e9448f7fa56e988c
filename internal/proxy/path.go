package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"iot.internal/thingspace/internal/origin"
)

// DefaultAllow is the one path prefix that is allowed unless others are given.
const DefaultAllow = "/m2m/"

// target is what a request line names, once it is known to be harmless.
type target struct {
	path    string // unescaped
	escaped string // as the client wrote it
	query   string // without the question mark
}

// Paths are the allowed path prefixes. A prefix that ends with a slash allows what is beneath it, any
// other itself as well.
type Paths struct{ prefixes []string }

// ParsePaths checks prefixes; none means [DefaultAllow]. "/" allows every path; what must never be
// reached stays out of reach all the same.
func ParsePaths(prefixes []string) (Paths, error) {
	if len(prefixes) == 0 {
		prefixes = []string{DefaultAllow}
	}
	var p Paths
	for _, raw := range prefixes {
		if strings.Contains(raw, "?") {
			return Paths{}, fmt.Errorf("%q has a query", raw)
		}
		t, err := parseTarget(raw)
		if err != nil {
			return Paths{}, fmt.Errorf("%q: %w", raw, err)
		}
		if reserved(t.path) {
			return Paths{}, fmt.Errorf("%q is an endpoint that only this program may call", raw)
		}
		p.prefixes = append(p.prefixes, t.path)
	}
	return p, nil
}

// judge decides about a request target as it stands in the request line.
func (p Paths) judge(raw string) (target, *failure) {
	t, err := parseTarget(raw)
	switch {
	case errors.Is(err, errNoPath):
		return t, failed(badTarget, err)
	case err != nil:
		return t, failed(pathRefused, err)
	case reserved(t.path):
		return t, failed(sessionEndpoint, nil)
	case !p.allow(t.path):
		return t, failed(pathNotAllowed, nil)
	}
	return t, nil
}

func (p Paths) allow(path string) bool {
	for _, prefix := range p.prefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok && (rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/') {
			return true
		}
	}
	return false
}

// reserved reports the endpoints that are the session client's alone: login, logout and password
// reset, and those that issue and revoke bearers, however a server may read the path.
func reserved(path string) bool {
	return origin.SessionEndpoint(&url.URL{Path: path}) || strings.Contains(strings.ToLower(strings.ToUpper(path)), "oauth")
}

var (
	errNoPath    = errors.New("it is not a path")
	errCharacter = errors.New("it holds a character that must be percent-encoded")
	errEscape    = errors.New("it holds an escape that is malformed, or one within another")
	errSlash     = errors.New("it holds an escaped slash, a backslash or a semicolon")
	errSegment   = errors.New("it holds an empty segment or one of dots")
	errText      = errors.New("it holds a control character, text that is not UTF-8, or a character that servers take for another")
)

// parseTarget accepts a path with a query, if every server on the way must read the path alike: none
// of what one server undoes and another does not.
func parseTarget(raw string) (target, error) {
	if raw == "" || raw[0] != '/' {
		return target{}, errNoPath // absolute form, authority form, or an asterisk
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }) {
		return target{}, errCharacter
	}
	escaped, query, _ := strings.Cut(raw, "?")
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return target{}, errEscape
	}
	if (&url.URL{Path: path, RawPath: escaped}).EscapedPath() != escaped {
		return target{}, errCharacter // it would be escaped anew, all of it
	}
	if strings.ContainsAny(path, `\;`) || strings.Count(path, "/") != strings.Count(escaped, "/") {
		return target{}, errSlash
	}
	if !utf8.ValidString(path) || strings.ContainsFunc(path, ambiguous) {
		return target{}, errText
	}
	if escapedAgain(path) {
		return target{}, errEscape
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		// Whoever unescapes first and cuts a query or fragment off then sees less of it.
		if end := strings.IndexAny(s, "?#"); end > 0 {
			s = s[:end]
		}
		if s == "" && !last || s != "" && strings.Trim(s, ". ") == "" {
			return target{}, errSegment
		}
	}
	return target{path, escaped, query}, nil
}

// escapedAgain reports an escape in what is unescaped already: a server that unescapes twice would
// read another path.
func escapedAgain(path string) bool {
	for {
		_, after, found := strings.Cut(path, "%")
		if !found {
			return false
		}
		if len(after) >= 2 && hex(after[0]) && hex(after[1]) || after != "" && after[0]|0x20 == 'u' {
			return true
		}
		path = after
	}
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// ambiguous reports characters that are not printed, and those that normalization or a conversion to
// a smaller character set turns into ASCII: a full-width slash, a one-dot leader, letters in bold.
func ambiguous(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) || unicode.Is(lookalikes, r)
}

var lookalikes = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x2024, 0x2026, 1}, // dot leaders
		{0x2044, 0x2044, 1}, // fraction slash
		{0x2070, 0x209c, 1}, // superscripts and subscripts
		{0x2100, 0x218b, 1}, // letterlike symbols and number forms
		{0x2215, 0x2216, 1}, // division slash, set minus
		{0x2460, 0x24ff, 1}, // enclosed letters and digits
		{0x29f5, 0x29f9, 1}, // slashes of mathematics
		{0xfe50, 0xfe6f, 1}, // small forms
		{0xff00, 0xffef, 1}, // half and full width
	},
	R32: []unicode.Range32{
		{0x1d400, 0x1d7ff, 1}, // letters of mathematics
		{0x1f100, 0x1f1ff, 1}, // enclosed letters
	},
}

// methods are those that are passed on. TRACE would send the tokens back.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}
