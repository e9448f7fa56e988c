package platform

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	testKey    = "test-key"
	testSecret = "test-application-secret"
	testUser   = "zbeeblebrox"
	testPass   = "IMgr8"
)

// world is a platform with a clock in the test's hand.
type world struct {
	*testing.T
	*Platform
	at     time.Time
	bearer string
	token  string
	form   string // of Accept
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.Platform = New(Options{
		Applications: []Application{{testKey, testSecret}},
		Users:        []User{{testUser, testPass}, {"arthur", "h2g2"}},
		Accounts:     []string{"0000123456-00001"},
		Now:          func() time.Time { return w.at },
	})
	return w
}

func (w *world) switched(change func(*Switches)) *world {
	w.Helper()
	if err := w.SetSwitches(change); err != nil {
		w.Fatal(err)
	}
	return w
}

// ready has a bearer and a session.
func ready(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.fetch()
	w.expect(w.login(testUser, testPass), 200, "")
	return w
}

func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	w.Helper()
	if w.form != "" {
		r.Header.Set("Accept", w.form)
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	return recorder
}

func (w *world) call(method, path, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, "/api"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if w.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+w.bearer)
	}
	if w.token != "" {
		r.Header.Set("VZ-M2M-Token", w.token)
	}
	return w.send(r)
}

func (w *world) fetch() *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/ts/v1/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(testKey, testSecret)
	recorder := w.send(r)
	var body struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(recorder.Body.Bytes(), &body) == nil {
		w.bearer = body.Token
	}
	return recorder
}

func (w *world) login(username, password string) *httptest.ResponseRecorder {
	w.Helper()
	body, _ := json.Marshal(map[string]string{"username": username, "password": password})
	recorder := w.call(http.MethodPost, LoginPath, string(body))
	var result struct {
		Token string `json:"sessionToken"`
	}
	if json.Unmarshal(recorder.Body.Bytes(), &result) == nil && result.Token != "" {
		w.token = result.Token
	}
	return recorder
}

func (w *world) reset(old string) *httptest.ResponseRecorder {
	w.Helper()
	return w.call(http.MethodPut, ResetPath, `{"oldPassword":"`+old+`"}`)
}

func (w *world) logout() *httptest.ResponseRecorder {
	w.Helper()
	return w.call(http.MethodPost, LogoutPath, "")
}

func (w *world) use() *httptest.ResponseRecorder {
	w.Helper()
	return w.call(http.MethodGet, "/m2m/v1/devices", "")
}

func (w *world) expect(r *httptest.ResponseRecorder, status int, code string) {
	w.Helper()
	got := Answer{Status: r.Code, Body: r.Body.Bytes()}.code()
	if r.Code != status || strings.TrimPrefix(got, service) != code {
		w.Errorf("status %d, code %q; want %d, %q", r.Code, got, status, code)
	}
}
