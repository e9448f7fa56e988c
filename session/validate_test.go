package session_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

func validConfig() session.Config {
	return session.Config{
		Application: session.Application{Key: "key", Secret: session.NewSecret("application-secret")},
		Credentials: session.StaticCredentials("zbeeblebrox", "IMgr8"),
		Store:       session.NewMemoryStore(),
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	tests := []struct {
		name   string
		change func(*session.Config)
		says   string
	}{
		{"no application key", func(c *session.Config) { c.Application.Key = "" }, "Application.Key"},
		{"blank application key", func(c *session.Config) { c.Application.Key = " \t" }, "Application.Key"},
		{"colon in the application key", func(c *session.Config) { c.Application.Key = "a:b" }, "colon"},
		{"no application secret", func(c *session.Config) { c.Application.Secret = session.Secret{} }, "Application.Secret"},
		{"line end in the application secret", func(c *session.Config) { c.Application.Secret = session.NewSecret("a\nb") }, "unprintable"},
		{"no credentials", func(c *session.Config) { c.Credentials = nil }, "Credentials"},
		{"no store", func(c *session.Config) { c.Store = nil }, "filestore.New"},
		{"line end in the user agent", func(c *session.Config) { c.UserAgent = "a\r\nX: y" }, "UserAgent"},
		{"negative call timeout", func(c *session.Config) { c.CallTimeout = -time.Second }, "CallTimeout"},
		{"long call timeout", func(c *session.Config) { c.CallTimeout = time.Hour }, "CallTimeout"},
		{"short reset timeout", func(c *session.Config) { c.ResetTimeout = time.Minute }, "ResetTimeout"},
		{"plain http to a public host", func(c *session.Config) { c.BaseURL = "http://thingspace.verizon.com/api" }, "plain http"},
		{"plain http to a private address", func(c *session.Config) { c.BaseURL = "http://10.0.0.1/api" }, "plain http"},
		{"plain http to a host that begins like loopback", func(c *session.Config) { c.BaseURL = "http://localhost.example.com/api" }, "plain http"},
		{"no scheme", func(c *session.Config) { c.BaseURL = "thingspace.verizon.com/api" }, "https://"},
		{"other scheme", func(c *session.Config) { c.BaseURL = "ftp://thingspace.verizon.com/api" }, "https://"},
		{"no host", func(c *session.Config) { c.BaseURL = "https:///api" }, "host"},
		{"user in the URL", func(c *session.Config) { c.BaseURL = "https://u:topsecret@thingspace.verizon.com/api" }, "user"},
		{"query in the URL", func(c *session.Config) { c.BaseURL = "https://thingspace.verizon.com/api?key=topsecret" }, "query"},
		{"fragment in the URL", func(c *session.Config) { c.BaseURL = "https://thingspace.verizon.com/api#x" }, "fragment"},
		{"dots in the path", func(c *session.Config) { c.BaseURL = "https://thingspace.verizon.com/api/../x" }, "plain"},
		{"malformed", func(c *session.Config) { c.BaseURL = "https://thingspace.verizon.com:topsecret/api" }, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := validConfig()
			tt.change(&cfg)
			client, err := session.New(cfg)
			if err == nil {
				_ = client.Close()
				t.Fatal("New accepted it")
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
			if strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "application-secret") {
				t.Errorf("%q holds a secret", err)
			}
		})
	}
}

func TestNewAcceptsLoopbackOverPlainHTTP(t *testing.T) {
	for _, base := range []string{
		"", "http://127.0.0.1:8080/api", "http://localhost/api", "http://LOCALHOST:1/api/", "http://[::1]:8080/api",
		"http://127.8.9.1", "https://mock.thingspace.verizon.com/api", "https://10.0.0.1:8443",
	} {
		cfg := validConfig()
		cfg.BaseURL = base
		client, err := session.New(cfg)
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		if err := client.Close(); err != nil {
			t.Errorf("%q: Close: %v", base, err)
		}
	}
}

type refusingTransport struct{ t *testing.T }

func (r refusingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	r.t.Errorf("%s %s was sent", req.Method, req.URL.Path)
	return nil, http.ErrUseLastResponse
}

func TestNewSendsNothingAndLoadsNothing(t *testing.T) {
	cfg := validConfig()
	cfg.Transport = refusingTransport{t}
	cfg.Credentials = nil
	cfg.Credentials = unreadable{t}
	client, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if out := fmt.Sprintf("%v %+v %#v", client, client, client); strings.Contains(out, "application-secret") {
		t.Errorf("the client prints the application secret: %s", out)
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Load(ctx context.Context) (session.Credentials, error) {
	u.t.Error("the credentials were loaded")
	return session.Credentials{}, ctx.Err()
}
