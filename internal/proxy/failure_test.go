package proxy

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestARefusedPasswordCostsOneStrikeAndTheAnswersSaySo(t *testing.T) {
	r := newRig(t, setup{})
	r.platform.Credentials().Set(sessiontest.DefaultUsername, "Wr0ngPassw0rd")
	r.wantError(credentialsRefused, http.MethodPost, resource, strings.NewReader("{}"))
	for range 3 {
		r.wantError(latched, http.MethodPost, resource, strings.NewReader("{}"))
	}
	if c := r.platform.Counters(); c.Logins != 1 || c.Resources != 0 {
		t.Errorf("%+v", c)
	}
	_, _, text := r.get(http.MethodGet, resource, nil)
	for _, secret := range []string{"Wr0ngPassw0rd", sessiontest.DefaultUsername, sessiontest.DefaultSecret} {
		if strings.Contains(text, secret) {
			t.Errorf("%q", text)
		}
	}
	r.log.holdsNone(t, "Wr0ngPassw0rd")
	// The right password heals it without a restart.
	r.platform.Credentials().Set(sessiontest.DefaultUsername, sessiontest.DefaultPassword)
	if status, name, _ := r.get(http.MethodGet, "/m2m/v1/accounts/"+r.platform.Account(), nil); status != 200 {
		t.Errorf("%d %s", status, name)
	}
}

func TestALoginThatFailsSaysWhenToTryAgain(t *testing.T) {
	r := newRig(t, setup{})
	r.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Status, Status: 503})
	r.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Logout}, Kind: sessiontest.Status, Status: 503})
	r.wantError(loginFailed, http.MethodGet, resource, nil)
	for {
		resp := r.do(http.MethodGet, resource, nil)
		if resp.Header.Get(ErrorHeader) != backoff.name {
			continue // a probe that was not paid
		}
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || seconds < 1 || resp.StatusCode != 503 {
			t.Errorf("%d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		break
	}
	if c := r.platform.Counters(); c.Logins != 1 {
		t.Errorf("%d logins", c.Logins)
	}
}

// failingClient is a session client that fails.
type failingClient struct {
	Client

	err error
}

func (f failingClient) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, f.err
}

func TestEveryErrorOfTheSessionHasItsNameAndStatus(t *testing.T) {
	for err, want := range map[error]kind{
		session.ErrPasswordLost: passwordLost, session.ErrCredentialsRefused: credentialsRefused, session.ErrLatched: latched, session.ErrRotating: rotating, session.ErrBackoff: backoff,
		session.ErrStoreUnavailable: storeUnavailable, session.ErrInvalidCharacter: noCredentials, session.ErrSessionEndpoint: sessionEndpoint, session.ErrForeignHost: pathRefused, session.ErrClosed: ending,
	} {
		// Only the session client can make an error of its own around a sentinel.
		if got := failureOf(err); got.kind == want {
			t.Errorf("%v counts without the session's own error around it", err)
		}
		if got := kindOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got.name, want.name)
		}
	}
	for e, want := range map[*session.Error]kind{
		{Op: "credentials"}: noCredentials, {Op: "oauth", StatusCode: 401}: applicationRefused, {Op: "oauth", StatusCode: 400}: applicationRefused, {Op: "oauth", StatusCode: 429}: throttled,
		{Op: "oauth", StatusCode: 503}: loginFailed, {Op: "login", StatusCode: 0}: loginFailed, {Op: "login", StatusCode: 404}: sessionFailed, {Op: "login", StatusCode: 429}: throttled,
	} {
		if got := failureOf(e); got.kind != want {
			t.Errorf("%+v: %s, want %s", e, got.name, want.name)
		}
	}
	f := failureOf(&session.Error{Op: "oauth", StatusCode: 429, RetryAfter: 1500 * time.Millisecond, Message: "quotes something"})
	w := newRecorder()
	f.write(w, false)
	if w.Header().Get("Retry-After") != "2" || strings.Contains(w.body.String(), "quotes") {
		t.Errorf("%v %s", w.Header(), w.body.String())
	}
}

func TestErrorsOfTheTransportAreNotToldToClients(t *testing.T) {
	r := newRig(t, setup{options: func(o *Options) {
		o.Client = failingClient{o.Client, errors.New("the platform said bcce3ea6")}
	}})
	status, name, text := r.get(http.MethodGet, resource, nil)
	if status != 502 || name != noAnswer.name || strings.Contains(text, "bcce3ea6") {
		t.Errorf("%d %s %s", status, name, text)
	}
}

func TestAPlatformThatCannotBeReachedOrDoesNotAnswer(t *testing.T) {
	hang := make(chan struct{})
	r := newRig(t, setup{limit: 300 * time.Millisecond, resource: func(_ http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/drop") {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(io.Discard, req.Body)
		<-hang
	}})
	defer close(hang)
	r.wantError(noAnswer, http.MethodPost, "/m2m/drop", strings.NewReader("{}"))
	r.wantError(slowAnswer, http.MethodPost, "/m2m/hang", strings.NewReader("{}"))
	r.wantError(slowAnswer, http.MethodHead, "/m2m/hang", nil)
	_ = r.upstream.Listener.Close()
	r.upstream.CloseClientConnections()
	for range 5 {
		status, name, _ := r.get(http.MethodGet, resource, nil)
		if status != 502 {
			t.Errorf("%d %s", status, name)
		}
		if name == unreachable.name {
			return
		}
	}
	t.Error("a closed port is not told from a lost answer")
}
