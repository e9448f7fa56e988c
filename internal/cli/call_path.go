package cli

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"iot.internal/thingspace/internal/origin"
	"iot.internal/thingspace/session"
)

const pathTodo = "nothing was sent; PATH is relative to the base URL and begins with one slash, like /m2m/v1/accounts/0000123456-00001"

const sessionEndpointTodo = "nothing was sent; use 'thingspace token', 'login', 'logout' or 'password reset'"

// callPath checks the PATH of a call, so that neither its host nor its place under the base URL is
// open to tricks, and returns it for appending to the base URL. Session endpoints are refused, and those of the bearer.
func callPath(raw string) (string, error) {
	switch {
	case !strings.HasPrefix(raw, "/") && strings.Contains(raw, "://"):
		return "", usage(pathTodo, "PATH is a whole URL")
	case !strings.HasPrefix(raw, "/"):
		return "", usage(pathTodo, "PATH does not begin with a slash")
	case strings.HasPrefix(raw, "//"):
		return "", usage(pathTodo, "PATH begins with two slashes")
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || strings.ContainsAny(raw, `\#`):
		return "", usage("nothing was sent; write it percent-encoded, a space as %20", "PATH holds a character that a URL cannot hold")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil || u.Opaque != "" {
		return "", usage(pathTodo, "PATH is malformed")
	}
	if leavesBase(u.EscapedPath()) {
		return "", usage(pathTodo, "PATH holds a dot segment, which could lead out of the base URL")
	}
	if origin.SessionEndpoint(u) {
		return "", &failure{
			status: exitUsage, what: "PATH names a session endpoint or one of OAuth2's",
			todo: sessionEndpointTodo, cause: session.ErrSessionEndpoint,
		}
	}
	return u.String(), nil
}

// leavesBase reports a segment "." or ".." in a path, however often it is escaped and whatever it is
// separated with: a server in front may undo any of it.
func leavesBase(escaped string) bool {
	for range 5 { // nobody decodes more often
		for segment := range strings.FieldsFuncSeq(escaped, func(r rune) bool { return r == '/' || r == '\\' }) {
			segment, _, _ = strings.Cut(segment, ";")
			if segment = strings.Trim(segment, " \t\r\n\x00"); segment == "." || segment == ".." {
				return true
			}
		}
		next, err := url.PathUnescape(escaped)
		if err == nil && !utf8.ValidString(next) {
			return true // an overlong dot, say
		}
		if err != nil || next == escaped {
			return false
		}
		escaped = next
	}
	return true // still escaped: nobody means that
}
