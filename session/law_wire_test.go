package session_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// wired is a platform behind a real socket, and who called it how.
type wired struct {
	*sessiontest.Server
	url         string
	transport   *http.Transport
	connections atomic.Int32
	mu          sync.Mutex
	protocols   map[string]string // by path
	intercept   func(w http.ResponseWriter, r *http.Request) bool
}

func wire(t *testing.T, http2 bool) *wired {
	t.Helper()
	w := &wired{Server: sessiontest.New(t), protocols: map[string]string{}}
	handler := w.Handler()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.protocols[r.URL.Path] = r.Proto
		intercept := w.intercept
		w.mu.Unlock()
		if intercept == nil || !intercept(rw, r) {
			handler.ServeHTTP(rw, r)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.connections.Add(1)
		}
	}
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	w.url = server.URL + "/api"
	w.transport = server.Client().Transport.(*http.Transport)
	return w
}

func (w *wired) client(t *testing.T) *session.Client {
	t.Helper()
	cfg := w.Config()
	cfg.BaseURL, cfg.Transport = w.url, w.transport
	return mustClient(t, cfg)
}

func (w *wired) get(t *testing.T, c *session.Client) *http.Response {
	t.Helper()
	resp, err := c.HTTPClient().Get(w.url + "/m2m/v1/accounts/" + w.Account())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp
}

func TestSessionCallsHaveConnectionsOfTheirOwnAndRequestsKeepTheirs(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			w := wire(t, http2)
			c := w.client(t)
			for range 5 {
				if resp := w.get(t, c); resp.StatusCode != 200 {
					t.Fatalf("status %d", resp.StatusCode)
				}
			}
			w.ExpireSessions()
			if resp := w.get(t, c); resp.StatusCode != 200 {
				t.Fatalf("status %d", resp.StatusCode)
			}
			// Two logins and one bearer, each on its own; all requests on one.
			if n := w.connections.Load(); n != 4 {
				t.Errorf("%d connections, want 4", n)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			for path, proto := range w.protocols {
				want := "HTTP/1.1"
				if strings.Contains(path, "/accounts/") {
					want = name
				}
				if proto != want {
					t.Errorf("%s came over %s, want %s", path, proto, want)
				}
			}
		})
	}
}

// net/http sends a request again when the connection it had kept is closed before an answer. A login
// must not be.
func TestALoginWhoseConnectionDiesIsSentOnce(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			w := wire(t, http2)
			c := w.client(t)
			w.get(t, c)
			var seen atomic.Int32
			w.mu.Lock()
			w.intercept = func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/session/login") {
					return false
				}
				seen.Add(1)
				conn, _, err := rw.(http.Hijacker).Hijack()
				if err == nil {
					_ = conn.Close()
				}
				return true
			}
			w.mu.Unlock()
			if _, err := c.Login(t.Context()); err == nil {
				t.Error("no error")
			}
			if n := seen.Load(); n != 1 {
				t.Errorf("the login was sent %d times", n)
			}
		})
	}
}

func TestG6ARedirectedRequestShowsNothingToTheOtherHost(t *testing.T) {
	var seen atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer other.Close()
	w := wire(t, false)
	c := w.client(t)
	w.get(t, c)
	for _, status := range []int{301, 302, 303, 307, 308} {
		w.mu.Lock()
		w.intercept = func(rw http.ResponseWriter, r *http.Request) bool {
			http.Redirect(rw, r, other.URL+"/", status)
			return true
		}
		w.mu.Unlock()
		if resp := w.get(t, c); resp.StatusCode != status {
			t.Errorf("status %d, want %d itself", resp.StatusCode, status)
		}
		_, _ = c.Login(t.Context())
		_, _ = c.ResetPassword(t.Context())
		_ = c.Logout(t.Context())
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

// TestDecisionsAreTracedAndLoggedWithoutSecrets goes through a life and looks at every word of it.
func TestDecisionsAreTracedAndLoggedWithoutSecrets(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		var log bytes.Buffer
		var mu sync.Mutex
		seen := map[string]int{}
		note := func(s string) { mu.Lock(); seen[s]++; mu.Unlock() }
		cfg := p.Config()
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		cfg.Trace = &session.Trace{
			Login:    func(e session.LoginEvent) { note("login " + string(e.Phase)) },
			Session:  func(e session.SessionEvent) { note("session " + e.Reason) },
			Bearer:   func(e session.BearerEvent) { note("bearer " + e.Reason) },
			Replay:   func(e session.ReplayEvent) { note("replay " + e.Cause) },
			Rotation: func(e session.RotationEvent) { note("rotation " + e.Phase) },
			Probe:    func(session.ProbeEvent) { note("probe") },
		}
		c := mustClient(t, cfg)
		old := p.Password()
		mustGet(t, c, p)
		token := mustToken(t, c)
		headers, _ := c.Headers(t.Context())
		p.ExpireSessions()
		mustGet(t, c, p)
		p.ExpireBearers()
		mustGet(t, c, p)
		if _, err := c.ResetPassword(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Credentials().Set(p.Username(), "wrong-1")
		_, _ = c.Login(t.Context())
		_, _ = c.Login(t.Context())
		_ = c.Logout(t.Context())
		for _, want := range []string{
			"login started", "login accepted", "login refused", "login latched", "session login", "session refused", "session logout",
			"bearer fetched", "replay session", "replay bearer", "rotation started", "rotation proved", "rotation sent", "rotation accepted", "rotation saved",
		} {
			if seen[want] == 0 {
				t.Errorf("%q was not traced; %v", want, seen)
			}
		}
		for _, secret := range []string{old, p.Password(), "wrong-1", token.Reveal(), headers.Get("Authorization")[7:], sessiontest.DefaultSecret} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log holds a secret: %s", log.String())
			}
		}
	})
}
