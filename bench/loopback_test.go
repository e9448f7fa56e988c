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
				client := &http.Client{Transport: p.hot(b, e)}
				req := request(b, e, 3)
				if p.name == preset.name || p.name == oauth2One.name {
					addMissing(b, e, req)
				}
				ask(b, client, req)
				b.ReportAllocs()
				before := cpuTime()
				for b.Loop() {
					ask(b, client, req)
				}
				reportCPU(b, before)
			})
		}
	}
}

// addMissing puts on a request what the peer does not add.
func addMissing(t testing.TB, e env, req *http.Request) {
	t.Helper()
	token, err := e.login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(headerAuthorization, "Bearer "+e.bearer)
	req.Header.Set(headerToken, token)
}

func ask(b *testing.B, client *http.Client, req *http.Request) {
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal("the request failed: ", resp.Status, err)
	}
}

// newLoopback is a platform behind a socket. Resources are answered by a handler that does little.
func newLoopback(t testing.TB, protocol string) env {
	t.Helper()
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
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	p := sessiontest.New(t, sessiontest.WithBaseURL(server.URL+"/api"))
	platform = p.Handler()
	e := envOf(t, p, transport)
	if got := spoken(t, e); got != protocol {
		t.Fatalf("%s is spoken, want %s", got, protocol)
	}
	return e
}

// spoken is which protocol a request takes.
func spoken(t testing.TB, e env) string {
	resp, err := e.base.RoundTrip(request(t, e, 0))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return fmt.Sprintf("http%d", resp.ProtoMajor)
}
