package proxy

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"iot.internal/thingspace/session"
)

// ErrorHeader is in every answer of the proxy's own, and in no other. Its value is one of the names
// that docs/proxy.md lists.
const ErrorHeader = "Thingspace-Proxy-Error"

// kind is a way for the proxy itself to fail a request.
type kind struct {
	name    string
	status  int
	message string
}

// What is wrong with the request: nothing was sent.
var (
	badTarget       = kind{"bad-target", 400, "the request must name a path, not a whole URL, an authority or an asterisk"}
	pathRefused     = kind{"path-refused", 400, "the path is refused"}
	badBody         = kind{"bad-body", 400, "the request's body is malformed"}
	wrongMethod     = kind{"method-refused", 405, "the method is not passed on"}
	wrongHost       = kind{"host-refused", 403, "the Host header does not name this proxy; see --host"}
	browser         = kind{"browser-refused", 403, "requests of browsers are refused"}
	noClientToken   = kind{"client-token", 403, "the header " + ClientTokenHeader + " does not hold the client token"}
	pathNotAllowed  = kind{"path-not-allowed", 403, "the path is not below an allowed prefix; see --allow"}
	sessionEndpoint = kind{"session-endpoint", 403, "the session and token endpoints are not reachable through the proxy"}
	slowBody        = kind{"body-too-slow", 408, "the request's body stopped coming"}
	upgradeRefused  = kind{"upgrade-refused", 501, "the protocol cannot be switched"}
	busy            = kind{"busy", 503, "too many requests are under way"}
	ending          = kind{"ending", 503, "the proxy is ending"}
)

// What is wrong with the session, and needs a person.
var (
	credentialsRefused = kind{"credentials-refused", 502, "the platform refused the user name and password"}
	passwordLost       = kind{"password-lost", 502, "the password was lost with the answer to a reset"}
	latched            = kind{"latched", 502, "no login is sent until a person acts"}
	applicationRefused = kind{"application-refused", 502, "the platform refused the application's key and secret"}
	noCredentials      = kind{"no-credentials", 502, "the credentials cannot be read or sent"}
	sessionFailed      = kind{"session-failed", 502, "no session can be had"}
)

// What will pass.
var (
	backoff          = kind{"backoff", 503, "too early to log in again after a failure"}
	rotating         = kind{"rotating", 503, "the password is being changed"}
	storeUnavailable = kind{"store-unavailable", 503, "the session store is unavailable, and no login is sent without it"}
	throttled        = kind{"throttled", 503, "the platform asks to wait before a login"}
	loginFailed      = kind{"login-failed", 503, "the platform did not answer a login as it should"}
	unreachable      = kind{"platform-unreachable", 502, "the platform cannot be reached: nothing was sent"}
	noAnswer         = kind{"no-answer", 502, "the platform's answer was lost: the request may have been carried out"}
	slowAnswer       = kind{"answer-too-slow", 504, "the platform did not answer in time: the request may have been carried out"}
	badAnswer        = kind{"bad-answer", 502, "the platform's answer cannot be passed on: the request may have been carried out"}
)

// failure is one request that the proxy failed.
type failure struct {
	kind
	retryAfter time.Duration
	cause      error // for the log, and for the message if it is the session client's
	shown      bool  // the cause may be told to the client
}

func failed(k kind, cause error) *failure { return &failure{kind: k, cause: cause, shown: true} }

// write answers with the contract's error body.
func (f *failure) write(w http.ResponseWriter, head bool) {
	message := "thingspace proxy: " + f.message
	if f.shown && f.cause != nil {
		message += ": " + strings.TrimPrefix(f.cause.Error(), "thingspace: ")
	}
	body, _ := json.Marshal(struct {
		ErrorCode    string `json:"errorCode"`
		ErrorMessage string `json:"errorMessage"`
	}{"ThingspaceProxy." + f.name, message})
	h := w.Header()
	h.Set(ErrorHeader, f.name)
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	switch f.name {
	case wrongMethod.name:
		h.Set("Allow", strings.Join(methods, ", "))
	case slowBody.name, badBody.name, ending.name:
		h.Set("Connection", "close")
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.retryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(f.status)
	if !head {
		_, _ = w.Write(body)
	}
}

// sentinels are the session's errors, most telling first: an error may wrap more than one.
var sentinels = []struct {
	err  error
	kind kind
}{
	{session.ErrPasswordLost, passwordLost},
	{session.ErrCredentialsRefused, credentialsRefused},
	{session.ErrLatched, latched},
	{session.ErrRotating, rotating},
	{session.ErrBackoff, backoff},
	{session.ErrStoreUnavailable, storeUnavailable},
	{session.ErrInvalidCharacter, noCredentials},
	{session.ErrSessionEndpoint, sessionEndpoint},
	{session.ErrForeignHost, pathRefused},
	{session.ErrClosed, ending},
}

// failureOf makes a failure of an error of the session client or of its transport.
func failureOf(err error) *failure {
	var e *session.Error
	if !errors.As(err, &e) {
		// The transport's text may quote what a server sent: it is for the log alone.
		return &failure{kind: transportKind(err), cause: err}
	}
	f := &failure{kind: sessionKind(e), cause: e, retryAfter: e.RetryAfter, shown: true}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			f.kind = s.kind
			break
		}
	}
	return f
}

// sessionKind judges what the platform answered to a call of the session client's own.
func sessionKind(e *session.Error) kind {
	switch code := e.StatusCode; {
	case e.Op == "credentials":
		return noCredentials
	case code == http.StatusTooManyRequests:
		return throttled
	case e.Op == "oauth" && (code == http.StatusBadRequest || code == http.StatusUnauthorized || code == http.StatusForbidden):
		return applicationRefused
	case code == 0 || code >= http.StatusInternalServerError:
		return loginFailed
	}
	return sessionFailed
}
