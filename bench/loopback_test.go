package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"iot.internal/thingspace/session/sessiontest"
)

// protocols are spoken in the clear, so that nothing but the peer and net/http takes time.
var protocols = []string{"http1", "http2"}

// BenchmarkHotLoopback is a whole request over a socket, client and server in this process: whether
// what a peer adds can be seen at all.
func BenchmarkHotLoopback(b *testing.B) {
	for _, protocol := range protocols {
		for _, p := range peers {
			b.Run(fmt.Sprintf("proto=%s/peer=%s", protocol, p.name), func(b *testing.B) {
				e := newLoopback(b, protocol)
				client := &http.Client{Transport: p.hot(e)}
				req := request(e, 3)
				if p.name == preset.name || p.name == oauth2One.name {
					addMissing(e, req)
				}
				if err := ask(client, req); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				before := cpuTime()
				for b.Loop() {
					if err := ask(client, req); err != nil {
						b.Fatal(err)
					}
				}
				reportCPU(b, before)
			})
		}
	}
}

// addMissing puts on a request what the peer does not add.
func addMissing(e env, req *http.Request) {
	token, err := e.login(e.tb.Context())
	if err != nil {
		e.tb.Fatal(err)
	}
	req.Header.Set(headerAuthorization, "Bearer "+e.bearer)
	req.Header.Set(headerToken, token)
}

func ask(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errStatus
	}
	return err
}

// newLoopback is a platform behind a socket. Resources are answered by a handler that does little.
func newLoopback(tb testing.TB, protocol string) env {
	tb.Helper()
	var platform http.Handler
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/m2m/v1/accounts/") {
			platform.ServeHTTP(w, r)
			return
		}
		if r.Header.Get(headerAuthorization) == "" || r.Header.Get(headerToken) == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"accountName":"0000123456-00001","isProvisioningAllowed":true}`)
	}))
	transport := &http.Transport{Protocols: new(http.Protocols)}
	server.Config.Protocols = new(http.Protocols)
	switch protocol {
	case "http1":
		transport.Protocols.SetHTTP1(true)
		server.Config.Protocols.SetHTTP1(true)
	case "http2":
		transport.Protocols.SetUnencryptedHTTP2(true)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Config.Protocols.SetHTTP1(true) // package session logs in over HTTP/1.1 always
	}
	server.Start()
	tb.Cleanup(server.Close)
	tb.Cleanup(transport.CloseIdleConnections)
	p := sessiontest.New(tb, sessiontest.WithBaseURL(server.URL+"/api"))
	platform = p.Handler()
	e := envOf(tb, p, transport)
	if got := spoken(e); got != protocol {
		tb.Fatalf("%s is spoken, want %s", got, protocol)
	}
	return e
}

// spoken is which protocol a request takes.
func spoken(e env) string {
	resp, err := e.base.RoundTrip(request(e, 0))
	if err != nil {
		e.tb.Fatal(err)
	}
	_ = resp.Body.Close()
	return fmt.Sprintf("http%d", resp.ProtoMajor)
}
