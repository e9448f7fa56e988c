package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// expire makes the next look a new one.
func (r *readiness) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = time.Time{}
}

func adminGet(t *testing.T, admin http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return strconv.Itoa(w.Code) + " " + w.Body.String()
}

func TestAskingWhetherItIsReadySendsNothing(t *testing.T) {
	r := newRig(t, setup{})
	admin := r.proxy.Admin()
	for range 100 {
		if got := adminGet(t, admin, "/readyz"); got != "200 ready\n" {
			t.Fatal(got)
		}
		r.proxy.ready.expire()
	}
	adminGet(t, admin, "/metrics")
	if c := r.platform.Counters(); c.OAuth != 0 || c.Logins != 0 || c.Logouts != 0 || c.Resources != 0 {
		t.Errorf("%+v", c)
	}
}

func TestReadinessFollowsTheRecord(t *testing.T) {
	r := newRig(t, setup{})
	admin := r.proxy.Admin()
	ready := func(want string) {
		t.Helper()
		r.proxy.ready.expire()
		if got := adminGet(t, admin, "/readyz"); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	r.platform.Credentials().Set(sessiontest.DefaultUsername, "Wr0ngPassw0rd")
	ready("200")
	r.wantError(credentialsRefused, http.MethodGet, resource, nil)
	ready("503 not ready: no login is sent until a person acts")
	r.platform.Credentials().Set(sessiontest.DefaultUsername, sessiontest.DefaultPassword)
	ready("200")
	path := "/m2m/v1/accounts/" + r.platform.Account()
	if status, name, _ := r.get(http.MethodGet, path, nil); status != 200 {
		t.Fatal(status, name)
	}
	// A session in hand works, whatever becomes of the password.
	r.platform.Credentials().Set(sessiontest.DefaultUsername, "Wr0ngPassw0rd")
	ready("200")
	r.platform.ExpireSessions()
	if status, name, _ := r.get(http.MethodGet, path, nil); status != 502 {
		t.Fatal(status, name)
	}
	ready("503 not ready: no login is sent until a person acts")
}

// hangingStore is a client whose store does not answer.
type hangingStore struct{ Client }

func (hangingStore) Status(ctx context.Context) (session.Status, error) {
	<-ctx.Done()
	return session.Status{}, errors.Join(&session.Error{Op: "status"}, session.ErrStoreUnavailable)
}

func TestWithoutTheStoreItIsReadyAsLongAsTheSessionInHandWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &held{}
		r := readiness{client: hangingStore{}, held: h}
		check := func(want string, within time.Duration) {
			t.Helper()
			r.expire()
			began := time.Now()
			if got := r.reason(t.Context()); got != want || time.Since(began) > within {
				t.Errorf("%q after %s, want %q", got, time.Since(began), want)
			}
		}
		const no = "the session store is unavailable"
		check(no, lookLimit)
		h.session("login")
		h.bearer(session.BearerEvent{Reason: "fetched", Remaining: time.Hour})
		check(no, lookLimit) // not used yet
		h.used()
		check("", 0)
		time.Sleep(idleLimit - time.Second)
		check("", 0)
		h.used()
		time.Sleep(idleLimit)
		check(no, lookLimit)
		h.used()
		check("", 0)
		h.session("refused")
		check(no, lookLimit)
		h.session("adopted")
		h.used()
		check("", 0)
		for range 7 { // in use, until the bearer lapses
			time.Sleep(idleLimit / 4)
			h.used()
		}
		time.Sleep(5 * time.Minute)
		check(no, lookLimit)
	})
}

func TestMetricsTellOfRequestsAndOfTheSession(t *testing.T) {
	r := newRig(t, setup{})
	admin := r.proxy.Admin()
	path := "/m2m/v1/accounts/" + r.platform.Account()
	if status, name, _ := r.get(http.MethodPost, path, strings.NewReader("hello")); status != 200 {
		t.Fatal(status, name)
	}
	r.platform.ExpireSessions()
	if status, name, _ := r.get(http.MethodGet, path, nil); status != 200 {
		t.Fatal(status, name)
	}
	r.wantError(pathNotAllowed, http.MethodGet, "/x", nil)
	r.platform.ExpireSessions()
	r.platform.Credentials().Set(sessiontest.DefaultUsername, "Wr0ngPassw0rd")
	r.wantError(credentialsRefused, http.MethodGet, path, nil)
	r.log.until(t, "error=credentials-refused")
	r.proxy.ready.expire()
	text := adminGet(t, admin, "/metrics")
	for _, line := range []string{
		`thingspace_proxy_requests_total{class="2xx",outcome="answered"} 2`, `thingspace_proxy_requests_total{class="4xx",outcome="refused"} 1`, `thingspace_proxy_requests_total{class="5xx",outcome="failed"} 1`,
		`thingspace_proxy_errors_total{error="path-not-allowed"} 1`, `thingspace_proxy_errors_total{error="credentials-refused"} 1`, `thingspace_proxy_body_bytes_total{direction="in"} 5`,
		`thingspace_logins_total{phase="accepted"} 2`, `thingspace_logins_total{phase="refused"} 1`, `thingspace_stale_token_refusals_total{replayed="true",token="session"} 1`, `thingspace_session_changes_total{reason="login"} 2`,
		`thingspace_strikes 1`, `thingspace_latched 1`, `thingspace_store_up 1`, `thingspace_proxy_ready 0`, `thingspace_proxy_requests_in_flight 0`,
		`thingspace_proxy_request_duration_seconds_count{class="2xx"} 2`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	for _, secret := range []string{"Wr0ngPassw0rd", sessiontest.DefaultPassword, sessiontest.DefaultUsername, sessiontest.DefaultSecret} {
		if strings.Contains(text, secret) {
			t.Error("a secret is among the metrics")
		}
	}
	if got := adminGet(t, admin, "/"); !strings.HasPrefix(got, "404") {
		t.Error(got)
	}
}
