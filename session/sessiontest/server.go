// Package sessiontest is a ThingSpace platform in process, for the tests of services that use package
// session: OAuth2 tokens, sessions that expire, strikes that lock, a password reset, and whatever can
// go wrong with them.
//
// A [Server] answers requests through its [Server.Transport], without a socket, so that it works
// inside a testing/synctest bubble: there the twenty minutes of a session pass in no time. For
// clients that want a socket there are [Server.Start] and [Server.StartTLS].
//
//	func TestService(t *testing.T) {
//		platform := sessiontest.New(t)
//		client := platform.Client(t) // a *session.Client
//		...
//		platform.ExpireSessions()
//		...
//		if n := platform.Counters().Logins; n != 2 {
//			t.Errorf("%d logins, want 2", n)
//		}
//	}
//
// What the real platform does is not documented in every case: see [Switches]. What can be made to go
// wrong: see [Fault].
//
// Importing this package adds no module to go.mod: it needs the standard library and package session.
package sessiontest

import (
	"net/http"
	"testing"

	"iot.internal/thingspace/internal/platform"
	"iot.internal/thingspace/session"
)

// The defaults of a [Server]. User name and password are those of Verizon's documented example, the
// rest is made up.
const (
	DefaultBaseURL  = "https://sessiontest.invalid/api"
	DefaultUsername = "zbeeblebrox"
	DefaultPassword = "IMgr8"
	DefaultAccount  = "0000123456-00001"
	DefaultKey      = "6f1c1a52-0b7e-4c39-9d51-3f2a6f0c7e11"
	DefaultSecret   = "b3c0d6de-58a4-4f0e-8f6b-92d7a1e4c520"
)

// Server is a platform with one application and one user. All methods are safe for concurrent use.
type Server struct {
	tb          testing.TB
	platform    *platform.Platform
	settings    settings
	store       session.Store
	credentials *Credentials
	transport   *transport
}

// New starts a platform for a test. It holds no resources that would have to be freed.
func New(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	s := newSettings()
	for _, o := range options {
		o(&s)
	}
	base, err := s.base()
	if err != nil {
		tb.Fatalf("sessiontest: %v", err)
	}
	p := platform.New(platform.Options{
		Base:         base.Path,
		Applications: []platform.Application{{Key: s.key, Secret: s.secret}},
		Users:        []platform.User{{Username: s.username, Password: s.password}},
		Accounts:     []string{s.account},
		Now:          s.now,
	})
	server := &Server{tb: tb, platform: p, settings: s, store: s.store}
	if s.store == nil {
		server.store = session.NewMemoryStore()
	}
	server.credentials = NewCredentials(s.username, s.password)
	server.transport = &transport{platform: p, host: base.Host, now: s.now}
	if s.switches != nil {
		server.SetSwitches(s.switches)
	}
	return server
}

// BaseURL is the base URL of the API, such as "https://sessiontest.invalid/api". Nothing listens
// there: requests go through [Server.Transport].
func (s *Server) BaseURL() string { return s.settings.baseURL }

// Username is the name of the user.
func (s *Server) Username() string { return s.settings.username }

// Password is the password that is in force on the platform. It changes with every reset.
func (s *Server) Password() string { return s.platform.Password(s.settings.username) }

// Account is the name of the account, for GET /m2m/v1/accounts/{name}.
func (s *Server) Account() string { return s.settings.account }

// Credentials is the credential source that all configurations of this server share. It starts with
// the right password.
func (s *Server) Credentials() *Credentials { return s.credentials }

// Store is the store that all configurations of this server share.
func (s *Server) Store() session.Store { return s.store }

// Config is a working configuration for [session.New]. Clients made of it share store and
// credentials, like processes on one host.
func (s *Server) Config() session.Config {
	return session.Config{
		BaseURL:     s.settings.baseURL,
		Application: session.Application{Key: s.settings.key, Secret: session.NewSecret(s.settings.secret)},
		Credentials: s.credentials,
		Store:       s.store,
		Transport:   s.transport,
	}
}

// Client is a client of [Server.Config], closed when the test ends.
func (s *Server) Client(tb testing.TB) *session.Client {
	tb.Helper()
	c, err := session.New(s.Config())
	if err != nil {
		tb.Fatalf("sessiontest: %v", err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("sessiontest: closing the client: %v", err)
		}
	})
	return c
}

// Transport sends requests for the host of [Server.BaseURL] to the platform, without a socket. It
// keeps to the contract of [http.RoundTripper] as [http.Transport] does: it honours the request's
// context at any time, closes the body, calls the hooks of net/http/httptrace, unpacks gzip that it
// asked for itself, and never sends a request twice. Other hosts cannot be resolved.
func (s *Server) Transport() http.RoundTripper { return s.transport }

// Handler is the platform as a handler, for a server of your own.
func (s *Server) Handler() http.Handler { return s.platform }
