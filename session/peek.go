package session

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"iot.internal/thingspace/internal/fault"
)

// peekLimit is how much of an error's body is looked at. The platform's are far shorter; whoever wants
// more would let a body that stalls hold the caller.
const peekLimit = 4 << 10

// staleness is which token an answer says is stale.
type staleness int

const (
	stillGood staleness = iota
	staleBearer
	staleSession
)

func (s staleness) String() string {
	switch s {
	case staleBearer:
		return "bearer"
	case staleSession:
		return "session"
	}
	return "none"
}

// judge reads an answer: 401 is about the bearer and 400 with a SessionToken code about the session
// (documented); the hook knows other families' ways.
func (c *Client) judge(resp *http.Response) staleness {
	switch {
	case resp.StatusCode < http.StatusBadRequest:
		return stillGood
	case c.cfg.SessionExpired != nil:
		body := peek(resp)
		if c.saysExpired(resp.StatusCode, body) || resp.StatusCode == http.StatusBadRequest && sessionFault(body) {
			return staleSession
		}
	case resp.StatusCode == http.StatusBadRequest:
		if sessionFault(peek(resp)) {
			return staleSession
		}
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return staleBearer
	}
	return stillGood
}

// saysExpired asks the hook. One that panics has said nothing.
func (c *Client) saysExpired(status int, body []byte) (expired bool) {
	if err := shielded(func() error { expired = c.cfg.SessionExpired(status, body); return nil }); err != nil {
		c.note(slog.LevelError, "the hook SessionExpired failed", err)
		return false
	}
	return expired
}

// sessionFault decodes only what can be one: a message that merely mentions the code must not cost a
// login, and most errors do not mention it.
func sessionFault(body []byte) bool {
	return bytes.Contains(body, []byte("SessionToken")) && fault.Parse(body).SessionToken()
}

// peek returns the beginning of a body, unpacked, and puts back what it took.
func peek(resp *http.Response) []byte {
	if resp.Body == nil || resp.Body == http.NoBody {
		return nil
	}
	taken, err := io.ReadAll(io.LimitReader(resp.Body, peekLimit))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failingReader{err}
	}
	resp.Body = &restored{io.MultiReader(bytes.NewReader(taken), rest), resp.Body}
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return unpack(taken)
	}
	return taken
}

// unpack returns what can be had of the beginning of a gzip stream, within the same limit.
func unpack(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(r, peekLimit))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return plain
}

type restored struct {
	io.Reader
	io.Closer
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
