package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a proxy on a loopback socket before a platform on another.
type rig struct {
	t        *testing.T
	platform *sessiontest.Server
	upstream *httptest.Server
	client   *session.Client
	metrics  *Metrics
	proxy    *Proxy
	addr     string
	log      *journal
	end      context.CancelFunc
	now      chan struct{}
	served   chan error
	http     *http.Client
}

// setup changes a rig before it starts.
type setup struct {
	resource http.HandlerFunc // answers instead of the platform's resources; nil: the platform
	config   func(*session.Config)
	options  func(*Options)
	limit    time.Duration // until an answer begins
	http2    bool          // the platform speaks HTTP/2 over TLS
	grace    time.Duration
}

func newRig(t *testing.T, s setup) *rig {
	t.Helper()
	r := &rig{t: t, metrics: NewMetrics(), log: &journal{}, now: make(chan struct{}), served: make(chan error, 1)}
	r.upstream = httptest.NewUnstartedServer(nil)
	scheme := "http"
	if s.http2 {
		scheme = "https"
	}
	r.platform = sessiontest.New(t, sessiontest.WithBaseURL(scheme+"://"+r.upstream.Listener.Addr().String()+"/api"))
	platform := r.platform.Handler()
	r.upstream.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if s.resource != nil && !strings.Contains(req.URL.Path, "/session/") && !strings.Contains(req.URL.Path, "oauth2") {
			s.resource(w, req)
			return
		}
		platform.ServeHTTP(w, req)
	})
	r.upstream.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	transport := NewTransport(DefaultMaxRequests, s.limit)
	if s.http2 {
		r.upstream.EnableHTTP2 = true
		r.upstream.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(r.upstream.Certificate())
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	} else {
		r.upstream.Start()
	}
	logger := loggerTo(r.log)
	cfg := r.platform.Config()
	cfg.Transport, cfg.Trace, cfg.Logger = transport, r.metrics.Trace(nil), logger
	if s.config != nil {
		s.config(&cfg)
	}
	var err error
	if r.client, err = session.New(cfg); err != nil {
		t.Fatal(err)
	}
	listener, err := Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	r.addr = listener.Addr().String()
	hosts, err := HostsOf(listener.Addr(), []string{"proxy.internal", "other.internal:81"})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Client: r.client, BaseURL: r.platform.BaseURL(), Paths: mustPaths(t), Hosts: hosts, Logger: logger, AccessLog: true, Metrics: r.metrics,
	}
	if s.options != nil {
		s.options(&o)
	}
	if r.proxy, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	grace := s.grace
	if grace == 0 {
		grace = 10 * time.Second
	}
	go func() { r.served <- r.proxy.Serve(ctx, Serving{Listener: listener, Grace: grace, Now: r.now}) }()
	own := &http.Transport{}
	r.http = &http.Client{
		Transport: own, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		own.CloseIdleConnections()
		end()
		if err := <-r.served; err != nil {
			t.Error(err)
		}
		if err := r.client.Close(); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		r.upstream.Close()
		r.log.holdsNone(t, sessiontest.DefaultPassword, sessiontest.DefaultSecret, clientToken)
	})
	return r
}

const (
	resource    = "/m2m/v1/devices/actions/list"
	clientToken = "e3b0c44298fc1c149afbf4c8996fb924"
)

// do sends a request to the proxy.
func (r *rig) do(method, path string, body io.Reader, headers ...string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.addr+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// get sends a request and returns the status, the proxy's error, and the body.
func (r *rig) get(method, path string, body io.Reader, headers ...string) (status int, proxyError, text string) {
	r.t.Helper()
	resp := r.do(method, path, body, headers...)
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get(ErrorHeader), string(content)
}

// wantError checks that a request fails in the proxy with an error body of the contract's shape.
func (r *rig) wantError(k kind, method, path string, body io.Reader, headers ...string) {
	r.t.Helper()
	status, name, text := r.get(method, path, body, headers...)
	if status != k.status || name != k.name {
		r.t.Errorf("%s %s %q: %d %q, want %d %q", method, path, headers, status, name, k.status, k.name)
		return
	}
	var result struct{ ErrorCode, ErrorMessage string }
	if err := json.Unmarshal([]byte(text), &result); method != http.MethodHead && (err != nil || result.ErrorCode != "ThingspaceProxy."+k.name || result.ErrorMessage == "") {
		r.t.Errorf("%s %s: %q", method, path, text)
	}
}

// raw sends bytes on a connection of its own and returns all that comes back until it is closed.
func (r *rig) raw(text string) string {
	r.t.Helper()
	conn := r.dial()
	if _, err := io.WriteString(conn, text); err != nil {
		r.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		r.t.Logf("reading: %v", err)
	}
	return string(answer)
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	conn, err := new(net.Dialer).DialContext(r.t.Context(), "tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	return conn
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	wait chan struct{}
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.wait != nil {
		close(j.wait)
		j.wait = nil
	}
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func loggerTo(j *journal) *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// until waits for a text in the log.
func (j *journal) until(t *testing.T, text string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		j.mu.Lock()
		if strings.Contains(j.text.String(), text) {
			j.mu.Unlock()
			return
		}
		if j.wait == nil {
			j.wait = make(chan struct{})
		}
		wait := j.wait
		j.mu.Unlock()
		select {
		case <-wait:
		case <-limit:
			t.Fatalf("the log has no %q: %s", text, j)
		}
	}
}

func (j *journal) holdsNone(t *testing.T, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(j.String(), s) {
			t.Errorf("the log holds a secret: %s", j)
		}
	}
}
