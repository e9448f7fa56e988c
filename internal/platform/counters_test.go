package platform

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheCountersTellWhatHappened(t *testing.T) {
	w := ready(t)
	w.use()
	w.login(testUser, "wrong")
	w.reset(testPass)
	w.logout()
	w.use()
	w.call(http.MethodGet, "/other", "")
	got := w.Counters()
	got.UnknownHeaders = nil
	want := Counters{
		Requests: 8, OAuth: 1, Logins: 2, Logouts: 1, Resets: 1, Resources: 2, Elsewhere: 1,
		BearersServed: 1, BearersIssued: 1, LoginsAccepted: 1, LoginsRefused: 1, SessionsRefused: 1, SessionsEnded: 1,
		ResetsDone: 1, Strikes: 1, MaxStrikes: 1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestMisplacedSecretsAreCounted(t *testing.T) {
	w := ready(t)
	for name, spoil := range map[string]func(r *http.Request){
		"query":               func(r *http.Request) { r.URL.RawQuery = "q=" + testPass },
		"escaped query":       func(r *http.Request) { r.URL.RawQuery = "q=%49Mgr8" },
		"name in the query":   func(r *http.Request) { r.URL.RawQuery = "client_secret=unknown" },
		"path":                func(r *http.Request) { r.URL.Path += "/" + w.token },
		"another header":      func(r *http.Request) { r.Header.Set("X-Session", w.token) },
		"cookie":              func(r *http.Request) { r.Header.Set("Cookie", "token=bearer "+w.bearer) },
		"application secret":  func(r *http.Request) { r.SetBasicAuth(testKey, "whatever") },
		"referer":             func(r *http.Request) { r.Header.Set("Referer", "https://x/?p="+testSecret) },
		"session at the gate": func(r *http.Request) { r.URL.Path = "/api/ts/v1/oauth2/token"; r.Header.Set("VZ-M2M-Token", w.token) },
	} {
		before := w.Counters().MisplacedSecrets
		r := httptest.NewRequest(http.MethodPost, "/api/m2m/v1/devices", nil)
		spoil(r)
		w.send(r)
		if got := w.Counters().MisplacedSecrets - before; got != 1 {
			t.Errorf("%s: counted %d times", name, got)
		}
	}
	for _, e := range w.Journal() {
		if strings.Contains(e.Path, w.token) {
			t.Error("the journal holds a session token")
		}
	}
	if w.Counters().Cookies != 1 {
		t.Error("the cookie was not counted")
	}
}

func TestTheJournalKeepsTheNewest(t *testing.T) {
	w := ready(t)
	w.Platform = New(Options{Journal: 3, Now: w.now})
	for range 5 {
		w.use()
	}
	entries := w.Journal()
	if len(entries) != 3 || entries[0].Number != 3 || entries[2].Number != 5 {
		t.Fatalf("%+v", entries)
	}
	if e := entries[2]; e.Endpoint != Resource || e.Status != 401 || e.Code != "900901" || e.Method != "GET" || e.Path != "/m2m/v1/devices" || e.At.IsZero() {
		t.Errorf("%+v", e)
	}
	w.inject(Fault{Kind: Empty})
	w.use()
	if e := w.Journal()[2]; e.Fault != Empty || e.Status != 200 {
		t.Errorf("%+v", e)
	}
}

func TestHeaderNamesAreBounded(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodGet, "/api/m2m/v1/devices", nil)
	for i := range 1000 {
		r.Header.Set("X-"+strings.Repeat("a", i+1), "1")
	}
	w.send(r)
	if n := len(w.Counters().UnknownHeaders); n != maxHeaderNames {
		t.Errorf("%d names", n)
	}
}

func TestControls(t *testing.T) {
	w := ready(t)
	if !w.SetPassword(testUser, "other") || w.SetPassword("nobody", "other") {
		t.Error("SetPassword tells whether there is a user")
	}
	w.expect(w.login(testUser, testPass), 400, codeWrongPassword)
	w.expect(w.login(testUser, "other"), 200, "")
	w.Lock(testUser)
	w.expect(w.login(testUser, "other"), 400, codeLocked)
	w.ClearStrikes(testUser)
	w.expect(w.login(testUser, "other"), 400, codeLocked)
	w.Unlock(testUser)
	w.expect(w.login(testUser, "other"), 200, "")
	if u, ok := w.User(testUser); !ok || u != (Account{Username: testUser, Sessions: 3}) {
		t.Errorf("%+v", u)
	}
	if _, ok := w.User("nobody"); ok || w.Platform.Password("nobody") != "" {
		t.Error("there is somebody called nobody")
	}
	w.ExpireSessions()
	w.expect(w.use(), 400, codeTokenExpired)
	w.ExpireBearers()
	w.expect(w.use(), 401, "900901")

	w.inject(Fault{Kind: Empty})
	w.switched(func(s *Switches) { s.StrikeLimit = 1 })
	w.Platform.Reset()
	if n := w.Counters(); n.Requests != 0 || len(w.Faults()) != 0 || len(w.Journal()) != 0 || w.Switches() != DefaultSwitches() || w.Platform.Password(testUser) != testPass {
		t.Errorf("after a reset: %+v", n)
	}
}

func TestDeadSessionsAreForgottenWhenThereAreMany(t *testing.T) {
	w := ready(t)
	for range most {
		if _, refusal := w.LogIn(testUser, testPass); refusal != nil {
			t.Fatal(refusal)
		}
	}
	w.at = w.at.Add(time.Hour)
	w.fetch()
	w.expect(w.login(testUser, testPass), 200, "")
	if n := len(w.sessions); n != 1 {
		t.Errorf("%d sessions are remembered", n)
	}
}

func TestGeneratedValuesLookLikeTheDocumentedOnes(t *testing.T) {
	w := ready(t)
	if !guid.MatchString(w.token) || strings.ToLower(w.token) != w.token {
		t.Errorf("token %s", w.token)
	}
	w.reset(testPass)
	made := w.Platform.Password(testUser)
	if len(made) != 12 || unsuitable(made) != nil {
		t.Errorf("password %s", made)
	}
	if len(w.bearer) != 32 {
		t.Errorf("bearer %s", w.bearer)
	}
}
