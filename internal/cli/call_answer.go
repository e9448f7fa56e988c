package cli

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"iot.internal/thingspace/internal/fault"
)

// faultLimit is how much of an answer's body is looked at for an error code.
const faultLimit = 4 << 10

// printAnswer copies an answer to standard output as it comes, and turns its status into an error.
// tokens are what the request was signed with; nothing printed of the headers repeats them.
func (a *app) printAnswer(resp *http.Response, include bool, tokens http.Header) error {
	if include {
		a.printHead(resp, tokens)
	}
	head := &firstBytes{limit: faultLimit}
	last := &lastByte{}
	_, err := io.Copy(io.MultiWriter(a.out, last), io.TeeReader(resp.Body, head))
	if a.out.err != nil {
		err = nil // the output's failure, told by report
	}
	if err == nil && last.seen && last.b != '\n' && isTerminal(a.out.w) {
		_, _ = io.WriteString(a.out, "\n")
	}
	switch {
	case err != nil:
		return &failure{status: exitFailed, what: "the answer was cut off: " + what(err), todo: "what is printed is incomplete", cause: err}
	case resp.StatusCode < 300 || resp.StatusCode == http.StatusNotModified:
		return nil
	case resp.StatusCode < 400:
		return &failure{
			status: exitFailed, what: fmt.Sprintf("status %d, a redirect", resp.StatusCode),
			todo: "it was not followed, since it would take the tokens elsewhere; call the new place if it is yours",
		}
	}
	text := fmt.Sprintf("status %d", resp.StatusCode)
	if code := fault.Parse(head.b.Bytes()).Code; code != "" {
		text += ": code " + code
	}
	return &failure{status: exitFailed, what: text, todo: answerTodo(resp)}
}

// answerTodo says what to do about a refused call.
func answerTodo(resp *http.Response) string {
	const said = "the answer's body is on standard output"
	if after := resp.Header.Get("Retry-After"); after != "" && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable) {
		return said + "; the platform asks to wait: Retry-After " + oneLine(after)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return said + "; try again later"
	case resp.StatusCode == http.StatusNotFound:
		return said + "; check PATH, which is relative to the base URL"
	}
	return said
}

// printHead prints the status line and the headers.
func (a *app) printHead(resp *http.Response, tokens http.Header) {
	_, _ = fmt.Fprintf(a.out, "%s %s\n", resp.Proto, oneLine(resp.Status))
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		for _, value := range resp.Header[name] {
			_, _ = fmt.Fprintf(a.out, "%s: %s\n", name, printable(name, value, tokens))
		}
	}
	_, _ = io.WriteString(a.out, "\n")
}

// printable is a header's value without credentials: the platform's front is known to set a cookie
// that holds the bearer.
func printable(name, value string, tokens http.Header) string {
	if name == "Set-Cookie" {
		cookie, _, _ := strings.Cut(value, "=")
		return cookie + "=[redacted]"
	}
	for _, held := range tokens {
		for _, secret := range held {
			value = strings.ReplaceAll(value, strings.TrimPrefix(secret, "Bearer "), "[redacted]")
		}
	}
	return oneLine(value)
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	b     bytes.Buffer
	limit int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	if room := f.limit - f.b.Len(); room > 0 {
		_, _ = f.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// lastByte keeps the end.
type lastByte struct {
	b    byte
	seen bool
}

func (l *lastByte) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.b, l.seen = p[len(p)-1], true
	}
	return len(p), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
