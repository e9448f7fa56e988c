package cli

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"iot.internal/thingspace/session"
)

var errSlow = errors.New("the time limit is over (see --timeout)")

// unanswered is the error of a request that got no answer. Trying again is advised only if the
// platform cannot have acted on it, or if acting twice is as good as acting once.
func unanswered(method string, err error) error {
	var own *failure
	if errors.As(err, &own) || isSessionError(err) {
		return err // the request itself was not sent
	}
	f := &failure{status: exitUnreachable, what: "no answer: " + what(err), cause: err}
	switch {
	case !neverSent(err) && (method == http.MethodPost || method == http.MethodPatch):
		f.status, f.todo = exitFailed, "the platform may have carried out the "+method+": find out before you send it again"
	case errors.Is(err, errInterrupted):
		f.status = exitFailed
	default:
		f.todo = "check " + networkCulprits(err) + ", then try again"
	}
	return f
}

// isSessionError tells the session client's errors from those of its transport.
func isSessionError(err error) bool {
	var e *session.Error
	return errors.As(err, &e)
}

// neverSent reports errors from before a request is written.
func neverSent(err error) bool {
	var dns *net.DNSError
	var operation *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &dns) || errors.As(err, &certificate) || errors.As(err, &record) ||
		errors.As(err, &operation) && operation.Op == "dial"
}
