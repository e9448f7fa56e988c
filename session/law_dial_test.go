package session_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

func TestSessionCallsUseTheDialerOfTheTransport(t *testing.T) {
	w := wire(t, false)
	var dialled atomic.Int32
	w.transport.DialContext = nil
	w.transport.Dial = func(network, address string) (net.Conn, error) { //nolint:staticcheck // people still set it
		dialled.Add(1)
		return net.Dial(network, address)
	}
	mustToken(t, w.client(t))
	if n := dialled.Load(); n != 2 {
		t.Errorf("%d connections by the transport's own dialer, want 2: OAuth2 and login", n)
	}
}

func TestATLSDialerThatNegotiatesHTTP2IsToldSo(t *testing.T) {
	w := wire(t, true)
	config := w.transport.TLSClientConfig.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	w.transport.DialTLSContext = (&tls.Dialer{Config: config}).DialContext
	c := w.client(t)
	if _, err := c.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "offer http/1.1 alone") {
		t.Errorf("error %v, want one that says what to change", err)
	}
	config.NextProtos = []string{"http/1.1"}
	mustToken(t, c)
}

func TestG7CloseEndsTheConnectionsOfTheClientsOwnTransport(t *testing.T) {
	p := sessiontest.New(t)
	open := make(chan int, 16)
	var n atomic.Int32
	server := httptest.NewUnstartedServer(p.Handler())
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open <- int(n.Add(1))
		case http.StateClosed:
			open <- int(n.Add(-1))
		}
	}
	server.Start()
	defer server.Close()
	cfg := p.Config()
	cfg.BaseURL, cfg.Transport = server.URL+"/api", nil
	c := mustClient(t, cfg)
	resp, err := c.HTTPClient().Get(cfg.BaseURL + "/m2m/v1/accounts/" + p.Account())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	_ = c.Close()
	limit := time.After(10 * time.Second)
	for n.Load() > 0 {
		select {
		case <-open:
		case <-limit:
			t.Fatalf("%d connections are open after Close", n.Load())
		}
	}
}
