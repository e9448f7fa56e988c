package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	controlPath = "/_control"
	loginPath   = "/m2m/v1/session/login"
	resetPath   = "/m2m/v1/session/password/actions/reset"
	// nobody begins the user names that the suite makes up for servers that are not simulators.
	nobody = "contract-test-nobody"
	// maxBody is far above what the suite generates.
	maxBody = 1 << 20
)

// relay takes what the suite sends and passes on what the rules allow.
type relay struct {
	target   *target
	account  account
	proxy    *httputil.ReverseProxy
	server   *http.Server
	url      string
	withheld atomic.Int64
	unheard  atomic.Int64
	logins   atomic.Int64
}

// transport keeps to the rules of a target: checked addresses, no proxy, no redirect.
func (t *target) transport() *http.Transport {
	return &http.Transport{
		DialContext: t.dialer().DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 2 * time.Minute,
		DisableCompression: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
	}
}

func startRelay(ctx context.Context, t *target, a account) (*relay, error) {
	r := &relay{target: t, account: a}
	origin := &url.URL{Scheme: t.base.Scheme, Host: t.base.Host}
	r.proxy = &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(origin); p.Out.Host = t.base.Host },
		Transport: t.transport(),
		// The suite's client would follow it by itself, past this relay and with the session token.
		ModifyResponse: func(resp *http.Response) error {
			if location := resp.Header.Get("Location"); location != "" {
				resp.Header.Del("Location")
				resp.Header.Set("Withheld-Location", "yes")
			}
			return nil
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			r.unheard.Add(1)
			http.Error(w, "the server could not be asked: "+err.Error(), http.StatusBadGateway)
		},
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.url = "http://" + listener.Addr().String()
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *relay) stop() {
	_ = r.server.Close()
	if t, ok := r.proxy.Transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.allowed(w, req); err != nil {
		r.withheld.Add(1)
		http.Error(w, "withheld by the relay of the contract test: "+err.Error(), http.StatusBadGateway)
		return
	}
	r.proxy.ServeHTTP(w, req)
}

// allowed says why a request is not passed on.
func (r *relay) allowed(w http.ResponseWriter, req *http.Request) error {
	base := r.target.base.Path
	if below(req.URL.Path, controlPath) && r.target.simulator {
		return nil
	}
	if !below(req.URL.Path, base) {
		return errors.New("it is not below the base URL")
	}
	path := strings.ToLower(strings.TrimRight(strings.TrimPrefix(req.URL.Path, base), "/"))
	if path == loginPath {
		r.logins.Add(1)
	}
	if r.target.simulator {
		return nil
	}
	// Servers differ in how they read a path, so the words decide.
	switch {
	case strings.Contains(path, "reset") || strings.Contains(path, "password"):
		return errors.New("only a simulator gets a password reset")
	case strings.Contains(path, "login"):
		return r.harmless(w, req)
	}
	return nil
}

// harmless says why a login could be a strike against somebody.
func (r *relay) harmless(w http.ResponseWriter, req *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		return errors.New("its body cannot be read")
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		if len(body) != 0 && strings.Contains(strings.ToLower(string(body)), strings.ToLower(r.account.username)) {
			return errors.New("it names the user")
		}
		return nil
	}
	names := 0
	for member, value := range members {
		name, text := value.(string)
		if !strings.EqualFold(member, "username") || !text {
			continue
		}
		names++
		right := name == r.account.username && members["password"] == r.account.password && len(members) == 2
		if !right && !strings.HasPrefix(name, nobody) {
			return errors.New("it names a user who may exist, and not with the right password")
		}
	}
	if names > 1 || bytes.Count(bytes.ToLower(body), []byte(`"username"`)) > 1 {
		return errors.New("it names two users")
	}
	return nil
}

func below(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// control sends a request to the control path of a simulator.
func (t *target) control(ctx context.Context, method, path, body string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	u := url.URL{Scheme: t.base.Scheme, Host: t.base.Host, Path: controlPath + path}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	transport := t.transport()
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 || !json.Valid(answer) && len(answer) != 0 {
		return fmt.Errorf("the control path answers %s: %.200s", resp.Status, answer)
	}
	return nil
}

// look finds out whether the target is one of our simulators. It is asked without any credential.
func (t *target) look(ctx context.Context) {
	t.simulator = t.loopback && t.control(ctx, http.MethodGet, "/counters", "") == nil
}

// injure has a simulator do something wrong.
func (t *target) injure(ctx context.Context, fault string) error {
	if t.look(ctx); !t.simulator {
		return errors.New("a fault needs a simulator")
	}
	return t.control(ctx, http.MethodPost, "/faults", fault)
}
