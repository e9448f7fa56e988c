package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// failure is an error of the command itself: what happened, what to do about it, and the exit status.
type failure struct {
	status int
	what   string
	todo   string
	cause  error
}

func (f *failure) Error() string { return join(f.what, f.todo) }

func (f *failure) Unwrap() error { return f.cause }

// usage is a mistake of the caller's: nothing was sent.
func usage(todo, format string, args ...any) error {
	return &failure{status: exitUsage, what: fmt.Sprintf(format, args...), todo: todo}
}

var errInterrupted = errors.New("interrupted")

type adviceFor struct {
	err    error
	status int
	todo   string
}

// advice is what to do about each of the session's errors, most telling first: an error may wrap
// more than one.
var advice = []adviceFor{
	{session.ErrOutcomeUnknown, exitUnknown, "run 'thingspace login': one login with the password in hand settles it"},
	{session.ErrPasswordLost, exitRefused, "ask Verizon support to set a new password, and put it where this command reads it"},
	{session.ErrCredentialsRefused, exitRefused, "correct the user name or password where this command reads it; this pair is not sent again"},
	{session.ErrLatched, exitRefused, "see 'thingspace status' for what to do"},
	{session.ErrRotating, exitUnreachable, "wait until it has ended, then try again; if minutes later it still has not, run 'thingspace login'"},
	{session.ErrBackoff, exitUnreachable, "wait, then try again"},
	{session.ErrStoreUnavailable, exitUnreachable, "mend the store (THINGSPACE_STORE), then try again; no login is sent without it"},
	{session.ErrReadOnlyCredentials, exitUsage, "set THINGSPACE_CREDENTIALS_FILE to a file that can keep the new password"},
	{session.ErrInvalidCharacter, exitUsage, "nothing was sent; mend the user name or password"},
	{session.ErrForeignHost, exitUsage, "nothing was sent; check PATH and THINGSPACE_BASE_URL"},
	{session.ErrSessionEndpoint, exitUsage, sessionEndpointTodo},
	{session.ErrClosed, exitUsage, "nothing was sent"},
	{session.ErrSessionExpired, exitFailed, "check whether something else ends the sessions of this user"},
	{session.ErrBearerRejected, exitFailed, "check whether something else revokes the bearer of this application, and whether the application may use this API"},
}

// explain maps an error to the exit status and the one line that says what happened and what to do.
func explain(err error) (status int, line string) {
	if err == nil {
		return exitDone, ""
	}
	status, todo := classify(err)
	return status, join(what(err), todo)
}

func classify(err error) (status int, todo string) {
	var own *failure
	if errors.As(err, &own) {
		return own.status, "" // its text has both halves
	}
	var rotation *session.RotationError
	if errors.As(err, &rotation) {
		if errors.Is(err, session.ErrLatched) { // an earlier rotation's, still in the record
			return exitRefused, "make room for the credentials file, then try again: the new password is kept in the store until it is saved"
		}
		return exitFailed, "put the new password into the credentials file"
	}
	if errors.Is(err, ledger.ErrUnreadable) {
		return exitUnreachable, "restore the record, or check the password by hand and run 'thingspace rearm --cleared', which replaces it"
	}
	for _, a := range advice {
		if errors.Is(err, a.err) {
			return a.status, a.todo
		}
	}
	if errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) {
		return exitFailed, ""
	}
	var e *session.Error
	if errors.As(err, &e) {
		if status, todo := classifyAnswer(e); status != 0 {
			return status, todo
		}
	}
	if unreachable(err) {
		return exitUnreachable, "check " + networkCulprits(err) + ", then try again"
	}
	return exitFailed, ""
}

// networkCulprits are what a person can look at when nothing is reached.
func networkCulprits(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "proxyconnect" {
		return "the network, HTTPS_PROXY and THINGSPACE_BASE_URL"
	}
	return "the network and THINGSPACE_BASE_URL"
}

// classifyAnswer judges what the platform, or something before it, answered to one of our own calls.
func classifyAnswer(e *session.Error) (status int, todo string) {
	switch code := e.StatusCode; {
	case e.Op == "credentials":
		return exitUsage, "nothing was sent; see 'thingspace help environment'"
	case code == 0 && (e.Op == "store" || e.Op == "status" || e.Op == "rearm"):
		return 0, ""
	case code == 0 && e.Op == "reset" && ofFiles(e):
		return exitUsage, "let this user replace the credentials file, which takes the right to write in its directory"
	case code == 0:
		return exitUnreachable, "try again; if it stays, check " + networkCulprits(e)
	case code == http.StatusTooManyRequests, code >= 500:
		return exitUnreachable, "the platform cannot answer now: try again later"
	case e.Op == "oauth" && (code == http.StatusBadRequest || code == http.StatusUnauthorized || code == http.StatusForbidden):
		if e.Code != "invalid_client" { // something else answers, perhaps
			return exitRefused, "check THINGSPACE_APP_KEY, the application secret and THINGSPACE_BASE_URL; no login was spent"
		}
		return exitRefused, "check THINGSPACE_APP_KEY and the application secret; no login was spent"
	case code < 400 || code == http.StatusNotFound || code == http.StatusMethodNotAllowed || e.Code == "" && e.Op != "oauth" && !unreachable(e):
		return exitFailed, "check that THINGSPACE_BASE_URL is the base of a ThingSpace API"
	}
	return 0, ""
}

// ofFiles reports errors of the credentials file.
func ofFiles(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) || errors.Is(err, filestore.ErrReadOnly) || errors.Is(err, filestore.ErrInsecure) ||
		errors.Is(err, filestore.ErrMalformed) || errors.Is(err, filestore.ErrNotRegular) || errors.Is(err, filestore.ErrTooLarge)
}

// known reports whether an error says what it is: a sentinel, the network, a failure of ours.
func known(err error) bool {
	var own *failure
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, errInterrupted) || unreachable(err) {
		return true
	}
	return slices.ContainsFunc(advice, func(a adviceFor) bool { return errors.Is(err, a.err) })
}

// unreachable reports errors of the network and of time limits.
func unreachable(err error) bool {
	var network net.Error
	var operation *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &network) || errors.As(err, &operation) || errors.As(err, &certificate) || errors.As(err, &record) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// what is the text of an error on one line.
func what(err error) string {
	var own *failure
	if errors.As(err, &own) {
		return oneLine(own.Error())
	}
	if err = withoutURL(err); errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	text := strings.TrimPrefix(oneLine(err.Error()), "thingspace: ")
	if rest, found := strings.CutPrefix(text, "request: "); found && aboutLogin(err) {
		return "login: " + rest
	}
	return text
}

// aboutLogin reports an error of the login that a request needed. The session client names the
// request; but what the platform answers to that is no error.
func aboutLogin(err error) bool {
	return isSessionError(err) && !errors.Is(err, session.ErrForeignHost) && !errors.Is(err, session.ErrSessionEndpoint) &&
		!errors.Is(err, session.ErrClosed)
}

// withoutURL takes off what http.Client puts around an error: its text has the URL with the query,
// and it looks like an error of the network whatever is inside.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func join(what, todo string) string {
	if todo == "" {
		return what
	}
	return what + "; " + todo
}

// oneLine replaces what would begin another line, or move a terminal's cursor.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
