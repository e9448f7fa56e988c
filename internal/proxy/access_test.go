package proxy

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAForeignHostIsRefused(t *testing.T) {
	r := newRig(t, setup{})
	_, port, _ := net.SplitHostPort(r.addr)
	path := "/m2m/v1/accounts/" + r.platform.Account()
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "LocalHost:" + port, "[::1]:" + port, "proxy.internal", "proxy.internal:1", "Proxy.Internal:" + port, "other.internal:81"} {
		if status, name, _ := r.get(http.MethodGet, path, nil, "Host", host); status != 200 {
			t.Errorf("%s: %d %s", host, status, name)
		}
	}
	for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1", "localhost", "localhost:1", "localhost.:" + port, "127.0.0.1.evil.example:" + port, "other.internal", "other.internal:82", "0.0.0.0:" + port, "proxy.internal.evil.example", "[::]:" + port} {
		r.wantError(wrongHost, http.MethodGet, path, nil, "Host", host)
	}
	if c := r.platform.Counters(); c.Resources != 8 {
		t.Errorf("%d requests arrived", c.Resources)
	}
}

func TestBrowsersAreRefusedAndNodeIsNot(t *testing.T) {
	r := newRig(t, setup{})
	path := "/m2m/v1/accounts/" + r.platform.Account()
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", ""},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"},
		{"Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-User", "?1"},
		{"Origin", "https://evil.example", "Access-Control-Request-Method", "PUT"},
	} {
		r.wantError(browser, http.MethodGet, path, nil, headers...)
	}
	r.wantError(browser, http.MethodOptions, path, nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "PUT")
	if c := r.platform.Counters(); c.Logins != 0 || c.OAuth != 0 {
		t.Errorf("%+v", c)
	}
	// What fetch of Node 20 sends, as it was observed.
	if status, name, _ := r.get(http.MethodPost, path, strings.NewReader("{}"), "Accept-Language", "*", "Sec-Fetch-Mode", "cors", "User-Agent", "node", "Accept-Encoding", "gzip, deflate"); status != 200 {
		t.Errorf("%d %s", status, name)
	}
}

func TestUpgradesAreRefusedAndAnOfferOfHTTP2IsIgnored(t *testing.T) {
	var seen recorded
	r := newRig(t, setup{resource: seen.ServeHTTP})
	for _, protocol := range []string{"websocket", "h2c, websocket", "TLS/1.0", ""} {
		r.wantError(upgradeRefused, http.MethodGet, resource, nil, "Connection", "Upgrade", "Upgrade", protocol)
	}
	// What Java's client sends by default, as it was observed.
	if status, name, _ := r.get(http.MethodPost, resource, strings.NewReader("{}"), "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "HTTP2-Settings", "AAEAAEAAAAIAAAAA"); status != 200 {
		t.Fatal(status, name)
	}
	if h := seen.last.Load().Header; h.Get("Upgrade") != "" || h.Get("Http2-Settings") != "" || h.Get("Connection") != "" {
		t.Errorf("%v", h)
	}
}

func TestAPlatformThatSwitchesProtocolsIsNotFollowed(t *testing.T) {
	r := newRig(t, setup{resource: func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		_ = conn.Close()
	}})
	r.wantError(badAnswer, http.MethodGet, resource, nil)
}

func TestAClientTokenIsAskedForWhereThereIsOne(t *testing.T) {
	var seen recorded
	tokens := []string{clientToken, "another-token-of-a-client"}
	r := newRig(t, setup{resource: seen.ServeHTTP, options: func(o *Options) { o.ClientTokens = func() []string { return tokens } }})
	for _, headers := range [][]string{
		nil,
		{ClientTokenHeader, ""},
		{ClientTokenHeader, clientToken + "x"},
		{ClientTokenHeader, clientToken[1:]},
		{ClientTokenHeader, strings.ToUpper(clientToken)},
		{ClientTokenHeader, clientToken, ClientTokenHeader, clientToken},
		{"Authorization", "Bearer " + clientToken},
		{"Proxy-Authorization", "Bearer " + clientToken},
	} {
		r.wantError(noClientToken, http.MethodGet, resource, nil, headers...)
	}
	for _, token := range tokens {
		if status, name, _ := r.get(http.MethodGet, resource, nil, ClientTokenHeader, token); status != 200 {
			t.Errorf("%d %s", status, name)
		}
		if got := seen.last.Load().Header.Get(ClientTokenHeader); got != "" {
			t.Error("the client token went to the platform")
		}
	}
	r.log.holdsNone(t, tokens...)
	// Nobody without it learns which paths there are.
	r.wantError(noClientToken, http.MethodGet, "/ts/v1/x", nil)
}

func TestMethodsThatAreNotPassedOn(t *testing.T) {
	r := newRig(t, setup{})
	for _, method := range []string{"TRACE", "TRACK", "PROPFIND", "get", "BREW"} {
		resp := r.do(method, resource, nil)
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != strings.Join(methods, ", ") {
			t.Errorf("%s: %d %v", method, resp.StatusCode, resp.Header)
		}
	}
	r.wantError(pathNotAllowed, http.MethodHead, "/ts/v1/x", nil)
	r.wantError(sessionEndpoint, http.MethodPost, "/m2m/v1/session/login", strings.NewReader(`{"username":"x","password":"y"}`))
	if c := r.platform.Counters(); c.Logins != 0 || c.OAuth != 0 {
		t.Errorf("%+v", c)
	}
}
