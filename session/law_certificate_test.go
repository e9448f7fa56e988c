package session_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"iot.internal/thingspace/session/sessiontest"
)

// Whoever sits in the network and cannot prove to be the platform gets no request at all, and costs no strike.
func TestG6WhoCannotProveToBeThePlatformSeesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		trusted bool   // by the client
		host    string // in the base URL
		most    uint16 // TLS version of the server; 0 means any
	}{
		"a certificate of nobody's":        {trusted: false, host: "127.0.0.1"},
		"a certificate for another host":   {trusted: true, host: "localhost"},
		"a version of TLS that is too old": {trusted: true, host: "127.0.0.1", most: tls.VersionTLS11},
	} {
		t.Run(name, func(t *testing.T) {
			p := sessiontest.New(t)
			var served atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				served.Add(1)
				p.Handler().ServeHTTP(w, r)
			}))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			if c.most != 0 {
				server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.most}
			}
			server.StartTLS()
			defer server.Close()
			cfg := p.Config()
			cfg.BaseURL, cfg.Transport = strings.Replace(server.URL, "127.0.0.1", c.host, 1)+"/api", nil
			if c.trusted {
				cfg.Transport = server.Client().Transport
			}
			client := mustClient(t, cfg)
			if _, err := client.Login(t.Context()); err == nil {
				t.Error("a login succeeded")
			}
			if resp, err := client.HTTPClient().Get(cfg.BaseURL + "/m2m/v1/accounts/" + p.Account()); err == nil {
				_ = resp.Body.Close()
				t.Error("a request succeeded")
			}
			status, err := client.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if served.Load() != 0 || status.Strikes != 0 {
				t.Errorf("%d requests seen, %d strikes", served.Load(), status.Strikes)
			}
		})
	}
}
