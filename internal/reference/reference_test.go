package reference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"iot.internal/thingspace/api"
)

var console = Console{
	Base: "/api", Control: "/_control", Key: "key", Secret: "secret", Username: "zbeeblebrox", Password: "IMgr8", Account: "0000123456-00001",
}

func page(t *testing.T) *Page {
	t.Helper()
	p, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var made = sync.OnceValues(func() (*Page, error) { return New(console) })

// get asks as a browser on this machine does, unless change says otherwise.
func get(t *testing.T, p *Page, path string, change func(r *http.Request) *http.Request) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Host = "127.0.0.1:8080"
	r = arriving(r, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
	if change != nil {
		r = change(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func arriving(r *http.Request, at net.Addr) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at))
}

func body(t *testing.T, resp *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryAnswerForbidsWhatThePageDoesNotNeed(t *testing.T) {
	p := page(t)
	paths := []string{"/missing"}
	for path := range p.files {
		paths = append(paths, path)
	}
	for _, path := range paths {
		h := get(t, p, path, nil).Header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; ") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
	}
}

func TestGzipIsSentToThoseWhoTakeIt(t *testing.T) {
	for encodings, want := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "*": true, "GZIP": true, "gzip;q=0": false, "*;q=0": false, "gzip;q=0, *": false,
		"br": false, "identity": false, "gzip;q=x": false, "": false, "gzip ; q=1.0": true,
	} {
		if acceptsGzip([]string{encodings}) != want {
			t.Errorf("%q: %v", encodings, !want)
		}
	}
	if !acceptsGzip([]string{"br", "gzip"}) || acceptsGzip(nil) {
		t.Error("the header may come in several lines, or not at all")
	}
}

func TestBothFormsOfAFileAreTheSameText(t *testing.T) {
	p := page(t)
	for path, f := range p.files {
		plain := get(t, p, path, nil)
		zipped := get(t, p, path, func(r *http.Request) *http.Request { r.Header.Set("Accept-Encoding", "gzip"); return r })
		if plain.Header.Get("Content-Encoding") != "" || zipped.Header.Get("Content-Encoding") != "gzip" ||
			plain.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Etag") == zipped.Header.Get("Etag") {
			t.Errorf("%s: %v and %v", path, plain.Header, zipped.Header)
		}
		text := body(t, plain)
		unzipped, err := gunzip(body(t, zipped))
		if err != nil || !bytes.Equal(text, unzipped) {
			t.Errorf("%s: two texts, %v", path, err)
		}
		if sum := sha256.Sum256(text); path != "/" && hex.EncodeToString(sum[:]) != f.sum {
			t.Errorf("%s is not what its checksum says", path)
		}
	}
}

func TestWhatIsKnownIsNotSentAgain(t *testing.T) {
	p := page(t)
	for _, encoding := range []string{"gzip", "identity"} {
		ask := func(tag string) *http.Response {
			return get(t, p, "/swagger-ui.css", func(r *http.Request) *http.Request {
				r.Header.Set("Accept-Encoding", encoding)
				if tag != "" {
					r.Header.Set("If-None-Match", tag)
				}
				return r
			})
		}
		first := ask("")
		tag := first.Header.Get("Etag")
		if first.StatusCode != http.StatusOK || tag == "" || first.Header.Get("Cache-Control") != "no-cache" {
			t.Fatalf("%d %v", first.StatusCode, first.Header)
		}
		if again := ask(tag); again.StatusCode != http.StatusNotModified || len(body(t, again)) != 0 {
			t.Errorf("%s: %d", encoding, again.StatusCode)
		}
		if other := ask(`"other"`); other.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", encoding, other.StatusCode)
		}
	}
}

func TestThePageIsOnlyRead(t *testing.T) {
	for method, want := range map[string]int{http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405} {
		resp := get(t, page(t), "/", func(r *http.Request) *http.Request { r.Method = method; return r })
		if resp.StatusCode != want || (want == 405) != (resp.Header.Get("Allow") != "") {
			t.Errorf("%s: %d %v", method, resp.StatusCode, resp.Header)
		}
		if method == http.MethodHead && len(body(t, resp)) != 0 {
			t.Error("HEAD has a body")
		}
	}
}

func TestANameThatWasMadeToPointHereIsRefused(t *testing.T) {
	near, far := &net.TCPAddr{IP: net.IPv6loopback}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)}
	unix := &net.UnixAddr{Net: "unix", Name: "s"}
	for _, c := range []struct {
		at   net.Addr
		host string
		want int
	}{
		{near, "localhost:8080", 200},
		{near, "LOCALHOST", 200},
		{near, "127.0.0.1", 200},
		{near, "[::1]:8080", 200},
		{near, "[::ffff:127.0.0.1]", 200},
		{near, "attacker.example", 403},
		{near, "localhost.attacker.example:8080", 403},
		{near, "192.0.2.7:8080", 403},
		{near, "", 403},
		{unix, "whatever", 200},
		{far, "simulator.lab:8080", 200}, // whoever listens there has chosen so
	} {
		for _, path := range []string{"/", "/icon.svg"} {
			resp := get(t, page(t), path, func(r *http.Request) *http.Request { r.Host = c.host; return arriving(r, c.at) })
			if resp.StatusCode != c.want || c.want == 403 && bytes.Contains(body(t, resp), []byte(console.Secret)) {
				t.Errorf("%q at %v: %d", c.host, c.at, resp.StatusCode)
			}
		}
	}
}

func TestOnlyThisMachineIsToldOfTheControlPath(t *testing.T) {
	p := page(t)
	near := body(t, get(t, p, "/", nil))
	far := body(t, get(t, p, "/", func(r *http.Request) *http.Request {
		return arriving(r, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)})
	}))
	if !told(t, near)["control"] || told(t, far)["control"] || !told(t, far)["base"] {
		t.Errorf("near %v, far %v", told(t, near), told(t, far))
	}
}

// told is what the page's script is told of the console.
func told(t *testing.T, page []byte) map[string]bool {
	t.Helper()
	m := regexp.MustCompile(`<script id="settings" type="application/json">(.*?)</script>`).FindSubmatch(page)
	if m == nil {
		t.Fatal("no settings")
	}
	var s struct{ Console map[string]string }
	if err := json.Unmarshal(m[1], &s); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for name := range s.Console {
		has[name] = true
	}
	return has
}

func TestThePageHoldsTheContractAsItIs(t *testing.T) {
	text := body(t, get(t, page(t), "/", nil))
	m := regexp.MustCompile(`(?s)<script id="contract" type="application/json">(.*?)</script>`).FindSubmatch(text)
	var contract string
	if m == nil || json.Unmarshal(m[1], &contract) != nil || contract != api.OpenAPI() {
		t.Error("the page's contract is not api/openapi.yaml")
	}
	if got := body(t, get(t, page(t), "/openapi.yaml", nil)); string(got) != api.OpenAPI() {
		t.Error("/openapi.yaml is not api/openapi.yaml")
	}
	if bytes.Contains(text, []byte("{{")) {
		t.Error("a placeholder is left")
	}
}

func TestWhatTheConsoleIsToldCannotEndItsElement(t *testing.T) {
	c := console
	c.Password = `</script><script>alert(1)</script><!--`
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body(t, get(t, p, "/", nil)), []byte("alert(1)</script>")) {
		t.Error("it can")
	}
}

func TestNoFileOfOursNamesAnotherHost(t *testing.T) {
	addresses := regexp.MustCompile(`(?i)(?:src|href|url|import|fetch)\s*[=(]\s*["']?\s*(?:https?:)?//`)
	for _, name := range []string{"page.html", "page.css", "page.js", "icon.svg"} {
		text, err := own.ReadFile("page/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if found := addresses.Find(text); found != nil {
			t.Errorf("%s: %q", name, found)
		}
	}
}
