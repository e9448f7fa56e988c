package proxy

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// recorded answers with 200 and keeps the last request.
type recorded struct{ last atomic.Pointer[http.Request] }

func (r *recorded) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	r.last.Store(req)
	w.WriteHeader(http.StatusOK)
}

func TestBothTokensAreAddedAndNoCredentialOfTheCallersPasses(t *testing.T) {
	var seen recorded
	r := newRig(t, setup{resource: seen.ServeHTTP})
	mine := []string{
		"Authorization", "Bearer mine", "VZ-M2M-Token", "mine", "Vz_m2m_token", "mine", "Cookie", "a=mine", "Proxy-Authorization", "Basic mine", "Proxy-Foo", "mine",
		"X-HTTP-Method-Override", "DELETE", "X-HTTP-Method", "DELETE", "X-Method-Override", "DELETE", "X_Http_Method_Override", "DELETE",
		"X-Original-URL", "/mine", "X-Rewrite-URL", "/mine", "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Host", "mine", "X-Forwarded-Prefix", "/mine", "Forwarded", "for=mine", "X-Real-Ip", "192.0.2.1",
		ClientTokenHeader, "mine", ErrorHeader, "mine", "Te", "trailers", "Connection", "X-Hop", "X-Hop", "mine",
		"X-Kept", "kept", "Accept", "text/plain", "User-Agent", "a service", "Idempotency-Key", "kept", "Accept-Encoding", "br",
	}
	if status, name, _ := r.get(http.MethodPost, resource, strings.NewReader("{}"), mine...); status != 200 || name != "" {
		t.Fatal(status, name)
	}
	got := seen.last.Load()
	if !strings.HasPrefix(got.Header.Get("Authorization"), "Bearer ") || len(got.Header["Vz-M2m-Token"]) != 1 || got.Header.Get("Vz-M2m-Token") == "" {
		t.Errorf("%v", got.Header)
	}
	for name, values := range got.Header {
		switch name {
		case "Authorization", "Vz-M2m-Token", "Content-Length", "X-Kept", "Accept", "User-Agent", "Idempotency-Key", "Accept-Encoding":
		default:
			t.Errorf("%s: %q passes", name, values)
		}
		for _, v := range values {
			if strings.Contains(v, "mine") {
				t.Errorf("%s: %q passes", name, v)
			}
		}
	}
	if got.Header.Get("X-Kept") != "kept" || got.Header.Get("User-Agent") != "a service" || got.Header.Get("Accept-Encoding") != "br" {
		t.Errorf("%v", got.Header)
	}
	if got.Host != r.upstream.Listener.Addr().String() {
		t.Errorf("host %q", got.Host)
	}
}

func TestPathAndQueryArriveAsTheyWereWritten(t *testing.T) {
	var seen recorded
	r := newRig(t, setup{resource: seen.ServeHTTP})
	for _, path := range []string{
		"/m2m/v1/x", "/m2m/v1/x/", "/m2m/v1/groups/West%20Coast/a%2Bb+c/100%25", "/m2m/v1/%41%7Eb", "/m2m/v1/x?a=1&b=%2F..%2f&c;d=e&f=%zz&g==", "/m2m/v1/x?", "/m2m/v1/M%c3%bcnchen?q=http://h/../x",
	} {
		if status, name, text := r.get(http.MethodGet, path, nil); status != 200 {
			t.Errorf("%s: %d %s %s", path, status, name, text)
			continue
		}
		if got := seen.last.Load().RequestURI; got != "/api"+strings.TrimSuffix(path, "?") {
			t.Errorf("%s arrives as %s", path, got)
		}
	}
	for _, method := range methods {
		if status, name, _ := r.get(method, resource, nil); status != 200 || seen.last.Load().Method != method {
			t.Errorf("%s: %d %s", method, status, name)
		}
	}
}

func TestWhatIsNotForTheClientIsTakenFromAnAnswer(t *testing.T) {
	r := newRig(t, setup{resource: func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Add("Set-Cookie", "bearer=secret")
		h.Add("Set-Cookie", "other=1")
		h.Set("Alt-Svc", `h3=":443"`)
		h.Set(ErrorHeader, "forged")
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "1")
		h.Set("X-Kept", "kept")
		h.Set("Link", "</x>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	}})
	resp := r.do(http.MethodGet, resource, nil)
	for _, name := range []string{"Set-Cookie", "Alt-Svc", ErrorHeader, "X-Hop"} {
		if resp.Header.Get(name) != "" {
			t.Errorf("%s: %q", name, resp.Header[name])
		}
	}
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Kept") != "kept" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if answer := r.raw("GET " + resource + " HTTP/1.1\r\nHost: " + r.addr + "\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 103 ") || strings.Contains(answer, "secret") {
		t.Errorf("%q", answer)
	}
}

func TestWhatIsNotForTheClientIsTakenFromTrailersToo(t *testing.T) { each(t, trailed) }

func trailed(t *testing.T, http2 bool) {
	t.Helper()
	r := newRig(t, setup{http2: http2, resource: func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Trailer", "Set-Cookie, X-Announced")
		_, _ = io.WriteString(w, "body")
		_ = http.NewResponseController(w).Flush() // without a length, which leaves no room for trailers
		h.Set("Set-Cookie", "bearer=secret")
		h.Set("X-Announced", "1")
		h.Set(http.TrailerPrefix+"Set-Cookie2", "bearer=secret")
		h.Set(http.TrailerPrefix+ErrorHeader, "forged")
		h.Set(http.TrailerPrefix+"X-Late", "2")
	}})
	answer := r.raw("GET " + resource + " HTTP/1.1\r\nHost: " + r.addr + "\r\nConnection: close\r\n\r\n")
	if strings.Contains(answer, "secret") || strings.Contains(answer, "forged") ||
		!strings.Contains(answer, "X-Announced: 1\r\n") || !strings.Contains(answer, "X-Late: 2\r\n") || !strings.HasSuffix(answer, "\r\n\r\n") {
		t.Errorf("%q", answer)
	}
}

func TestNothingIsPackedOrUnpackedOnTheWay(t *testing.T) {
	var seen recorded
	const packed = "\x1f\x8b not really"
	r := newRig(t, setup{resource: func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(packed)))
		seen.ServeHTTP(w, req)
		_, _ = io.WriteString(w, packed)
	}})
	answer := r.raw("GET " + resource + " HTTP/1.1\r\nHost: " + r.addr + "\r\nConnection: close\r\n\r\n")
	if !strings.HasSuffix(answer, "\r\n\r\n"+packed) || !strings.Contains(answer, "Content-Encoding: gzip\r\n") || seen.last.Load().Header["Accept-Encoding"] != nil {
		t.Errorf("%q, asked for with %v", answer, seen.last.Load().Header)
	}
}

func TestARedirectIntoTheBaseURLLeadsThroughTheProxy(t *testing.T) {
	var location string
	r := newRig(t, setup{resource: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}})
	base := r.platform.BaseURL()
	for given, want := range map[string]string{
		base + "/m2m/v1/x?y=1#z": "/m2m/v1/x?y=1#z", "/api/m2m/v1/x": "/m2m/v1/x", strings.TrimPrefix(base, "http:") + "/m2m/v1/x": "/m2m/v1/x",
		"https://evil.example/api/m2m/v1/x": "https://evil.example/api/m2m/v1/x", base + "/ts/v1/x": base + "/ts/v1/x", "/apis/m2m/v1/x": "/apis/m2m/v1/x",
		base + "/m2m/v1/session/login": base + "/m2m/v1/session/login", "x": "x", base + "/m2m/../x": base + "/m2m/../x",
	} {
		location = given
		if resp := r.do(http.MethodGet, resource, nil); resp.StatusCode != http.StatusTemporaryRedirect || resp.Header.Get("Location") != want {
			t.Errorf("%s: %d %s", given, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
}
