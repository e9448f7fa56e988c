package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"iot.internal/thingspace/session"
)

var errSlow = errors.New("the time limit is over (see --timeout)")

// unanswered is the error of a request that got no answer. Trying again is advised only if the
// platform cannot have acted on it, or if acting twice is as good as acting once.
func unanswered(ctx context.Context, method string, err error) error {
	var ours *session.Error
	switch {
	case errors.As(err, &ours): // the session's: the request itself was not sent
		return err
	case errors.Is(context.Cause(ctx), errSlow):
		err = errSlow
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	f := &failure{status: exitUnreachable, what: "no answer: " + what(err), cause: err}
	switch {
	case !neverSent(err) && (method == http.MethodPost || method == http.MethodPatch):
		f.status, f.todo = exitFailed, "the platform may have carried out the "+method+": find out before you send it again"
	case errors.Is(err, errInterrupted):
		f.status = exitFailed
	default:
		f.todo = "check the network and THINGSPACE_BASE_URL, then try again"
	}
	return f
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
