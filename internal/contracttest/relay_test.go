package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

var someone = account{key: "key", secret: "secret", username: "zbeeblebrox", password: "IMgr8"}

// recorded is a server that remembers what reached it.
type recorded struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string
}

func record(t *testing.T, answer http.HandlerFunc) *recorded {
	t.Helper()
	r := &recorded{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.seen = append(r.seen, req.Method+" "+req.URL.EscapedPath()+" "+string(body))
		r.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func relayTo(t *testing.T, base string, simulator bool) *relay {
	t.Helper()
	target, err := newTarget(t.Context(), base, permission{}, dns)
	if err != nil {
		t.Fatal(err)
	}
	target.simulator = simulator
	r, err := startRelay(t.Context(), target, someone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	return r
}

// ask sends a request through the relay, and follows redirects as the suite's client does.
func ask(t *testing.T, r *relay, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("VZ-M2M-Token", "bcce3ea6-fe4f-4952-bacf-eadd80718e83")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }

func TestOnlyASimulatorGetsLoginsThatCouldBeStrikes(t *testing.T) {
	server := record(t, fine)
	careful, free := relayTo(t, server.URL+"/api", false), relayTo(t, server.URL+"/api", true)
	for body, passes := range map[string]bool{
		`{"username": "zbeeblebrox", "password": "IMgr8"}`:                                     true, // succeeds
		`{"username": "zbeeblebrox", "password": "wrong"}`:                                     false,
		`{"username": "ZBeeblebrox", "password": "wrong"}`:                                     false,
		`{"username": "zbeeblebrox "}`:                                                         false,
		`{"Username": "zbeeblebrox", "password": "wrong"}`:                                     false,
		`{"username": "\u007abeeblebrox", "password": "wrong"}`:                                false,
		`{"username": "tmcmillan", "password": "IMgr8"}`:                                       false, // somebody else
		`{"username": "contract-test-nobody", "password": "wrong"}`:                            true,
		`{"username": "contract-test-nobody", "username": "zbeeblebrox", "password": "wrong"}`: false,
		`{"username": "zbeeblebrox", "username": "contract-test-nobody", "password": "wrong"}`: false,
		`{"username": "zbeeblebrox", "Username": "contract-test-nobody", "password": "wrong"}`: false,
		`{"username": "zbeeblebrox", "password": "IMgr8", "Password": "wrong"}`:                false,
		`{"username": ["zbeeblebrox"], "password": "wrong"}`:                                   true,
		`[{"username": "zbeeblebrox"}]`:                                                        false,
		`{"username": "zbeeblebrox", "password": `:                                             false,
		`{`: true,
		``:  true,
		`{"username": "contract-test-nobody", "password": "` + strings.Repeat("x", maxBody) + `"}`: false,
	} {
		status, text := ask(t, careful, http.MethodPost, "/api"+loginPath, body)
		if (status == http.StatusOK) != passes {
			t.Errorf("%.100s: %d %s", body, status, text)
		}
		if strings.Contains(text, "IMgr8") {
			t.Errorf("%.100s: %s", body, text)
		}
		if status, _ := ask(t, free, http.MethodPost, "/api"+loginPath, body); status != http.StatusOK {
			t.Errorf("a simulator does not get %.100s", body)
		}
	}
	if careful.withheld.Load() == 0 || free.withheld.Load() != 0 {
		t.Errorf("withheld %d and %d", careful.withheld.Load(), free.withheld.Load())
	}
}

func TestOnlyASimulatorGetsAPasswordReset(t *testing.T) {
	server := record(t, fine)
	r := relayTo(t, server.URL+"/api", false)
	for _, path := range []string{resetPath, resetPath + "/", strings.ToUpper(resetPath), "/m2m/v1/session/password/actions/%72eset", "//m2m/v1/session/password/actions/reset"} {
		if status, _ := ask(t, r, http.MethodPut, "/api"+path, `{"oldPassword": "IMgr8"}`); status != http.StatusBadGateway {
			t.Errorf("%s: %d", path, status)
		}
	}
	if len(server.seen) != 0 {
		t.Errorf("%q", server.seen)
	}
	if status, _ := ask(t, relayTo(t, server.URL+"/api", true), http.MethodPut, "/api"+resetPath, "{}"); status != http.StatusOK {
		t.Errorf("a simulator: %d", status)
	}
}

func TestNothingOutsideTheBaseURLIsReached(t *testing.T) {
	server := record(t, fine)
	for path, passes := range map[string]bool{
		"/api/m2m/v1/session/logout": true, "/api": true, "/apis": false, "/": false, "/_control/reset": false, "/other": false,
	} {
		if status, _ := ask(t, relayTo(t, server.URL+"/api", false), http.MethodPost, path, ""); (status == http.StatusOK) != passes {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := ask(t, relayTo(t, server.URL+"/api", true), http.MethodPost, "/_control/reset", ""); status != http.StatusOK {
		t.Errorf("a simulator's control path: %d", status)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := record(t, fine)
	server := record(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if status, _ := ask(t, relayTo(t, server.URL, true), http.MethodPost, loginPath, "{}"); status != http.StatusTemporaryRedirect {
		t.Errorf("%d", status)
	}
	if len(elsewhere.seen) != 0 {
		t.Errorf("%q", elsewhere.seen)
	}
}

func TestALoopbackServerWithoutOurControlPathIsNoSimulator(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"anything goes": fine,
		"not found":     http.NotFound,
		"a redirect":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
	} {
		target, err := newTarget(t.Context(), record(t, answer).URL, permission{}, dns)
		if err != nil {
			t.Fatal(err)
		}
		if target.look(t.Context()); target.simulator {
			t.Error(name)
		}
	}
}
