package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"iot.internal/thingspace/session/sessiontest"
)

// newEnv is a platform, with resources answered by the given transport (nil: by the platform).
func newEnv(tb testing.TB, resources http.RoundTripper, options ...sessiontest.Option) env {
	tb.Helper()
	p := sessiontest.New(tb, options...)
	return envOf(tb, p, split{resources: resources, rest: p.Transport()})
}

// envOf is an environment on a transport that reaches the platform.
func envOf(tb testing.TB, p *sessiontest.Server, base http.RoundTripper) env {
	tb.Helper()
	caller := wire{platform: p, base: base}
	bearer, err := caller.bearer(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return env{
		tb:       tb,
		platform: p, base: base, bearer: bearer,
		login: func(ctx context.Context) (string, error) { return caller.login(ctx, bearer) },
	}
}

// resource is the path of what the benchmarks ask for.
func resource(p *sessiontest.Server) string { return p.BaseURL() + "/m2m/v1/accounts/" + p.Account() }

// split answers requests for resources by one transport and everything else by another.
type split struct {
	resources, rest http.RoundTripper
}

func (s split) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.resources != nil && strings.HasPrefix(req.URL.Path, "/api/m2m/v1/accounts/") {
		return s.resources.RoundTrip(req)
	}
	return s.rest.RoundTrip(req)
}

// wire is what somebody without package session writes to get the two tokens.
type wire struct {
	platform *sessiontest.Server
	base     http.RoundTripper
}

func (w wire) bearer(ctx context.Context) (string, error) {
	cfg := w.platform.Config()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.BaseURL+"/ts/v1/oauth2/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(cfg.Application.Key, cfg.Application.Secret.Reveal())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.ask(req, "access_token")
}

func (w wire) login(ctx context.Context, bearer string) (string, error) {
	cfg := w.platform.Config()
	credentials, err := cfg.Credentials.Load(ctx)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"username": credentials.Username, "password": credentials.Password.Reveal()})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.BaseURL+"/m2m/v1/session/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerAuthorization, "Bearer "+bearer)
	return w.ask(req, "sessionToken")
}

func (w wire) ask(req *http.Request, field string) (string, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	value, _ := answer[field].(string)
	if value == "" {
		return "", errors.New("an answer without " + field)
	}
	return value, nil
}
