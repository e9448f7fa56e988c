package proxy

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

func mustPaths(tb testing.TB, prefixes ...string) Paths {
	tb.Helper()
	p, err := ParsePaths(prefixes)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestOrdinaryPathsPass(t *testing.T) {
	p := mustPaths(t)
	for _, raw := range []string{
		"/m2m/", "/m2m/v1/devices/actions/list", "/m2m/v1/accounts/0000123456-00001", "/m2m/v1/devices/", "/m2m/v1/groups/a/name/West%20Coast",
		"/m2m/v1/groups/M%C3%BCnchen", "/m2m/v1/groups/100%25", "/m2m/v1/groups/a%2Bb+c", "/m2m/v1/groups/what%3F", "/m2m/v1/groups/%231", "/m2m/v1/groups/a:b@c!$&'()*,=~",
		"/m2m/v1/x?next=//evil.example/../%2f;a=b", "/m2m/v1/x?", "/m2m/v1/file.v1.2.json", "/m2m/v1/.hidden", "/m2m/v1/a..b", "/m2m/v1/sessions", "/m2m/v1/groups/%E6%9D%B1%E4%BA%AC",
	} {
		if _, f := p.judge(raw); f != nil {
			t.Errorf("%q is refused: %s, %v", raw, f.name, f.cause)
		}
	}
}

func TestPathTricksAreRefused(t *testing.T) {
	everything := mustPaths(t, "/")
	for raw, want := range map[string]kind{
		"": badTarget, "*": badTarget, "example.com:443": badTarget, "http://example.com/m2m/x": badTarget, "m2m/x": badTarget, `\m2m\x`: badTarget, "?x": badTarget,
		"//": pathRefused, "//evil.example/m2m/x": pathRefused, "/m2m//x": pathRefused, "/m2m/v1//": pathRefused, "///": pathRefused,
		"/.": pathRefused, "/..": pathRefused, "/m2m/./x": pathRefused, "/m2m/../x": pathRefused, "/m2m/..": pathRefused, "/m2m/...": pathRefused, "/m2m/v1/.../x": pathRefused,
		"/m2m/%2e%2e/x": pathRefused, "/m2m/.%2E/x": pathRefused, "/m2m/%2e": pathRefused, "/m2m/..%20/x": pathRefused, "/m2m/%20/x": pathRefused, "/m2m/%20..": pathRefused,
		"/m2m/%252e%252e/x": pathRefused, "/m2m/%25252e/x": pathRefused, "/m2m/%25u002e/x": pathRefused, "/m2m/%25%32%65/x": pathRefused,
		"/m2m/a%2fb": pathRefused, "/m2m/a%2Fb": pathRefused, "/m2m%2fx": pathRefused, "/%2fevil.example/x": pathRefused, "/m2m/a%252fb": pathRefused,
		`/m2m/a\b`: pathRefused, "/m2m/a%5cb": pathRefused, "/m2m/..%5cx": pathRefused, `/\evil.example/x`: pathRefused,
		"/m2m/a;b": pathRefused, "/m2m/..;/x": pathRefused, "/m2m/a%3bb": pathRefused, "/m2m/;/x": pathRefused,
		"/m2m/a%00": pathRefused, "/m2m/%0d%0aHost:%20evil": pathRefused, "/m2m/a%7f": pathRefused, "/m2m/%c2%85": pathRefused, "/m2m/%e2%80%ae": pathRefused, "/m2m/%c2%a0": pathRefused,
		"/m2m/%ff": pathRefused, "/m2m/%c0%ae%c0%ae/x": pathRefused, "/m2m/%c0%af": pathRefused, "/m2m/%e0%80%af": pathRefused, "/m2m/%ed%a0%80": pathRefused, "/m2m/\xff": pathRefused, "/m2m/é": pathRefused,
		"/m2m/%zz": pathRefused, "/m2m/%": pathRefused, "/m2m/%2": pathRefused, "/m2m/%u002e": pathRefused,
		"/m2m/x#y": pathRefused, "/m2m/x?a#b": pathRefused, "/m2m/a b": pathRefused, "/m2m/a\tb": pathRefused, "/m2m/x?a b": pathRefused, "/m2m/x?\x00": pathRefused,
		"/m2m/%ef%bc%8e%ef%bc%8e/x": pathRefused, "/m2m/a%ef%bc%8fb": pathRefused, "/m2m/a%e2%88%95b": pathRefused, "/m2m/%e2%80%a5/x": pathRefused,
	} {
		if _, f := everything.judge(raw); f == nil || f.name != want.name {
			t.Errorf("%q: %+v", raw, f)
		}
	}
}

func TestSessionEndpointsAreOutOfReachWhateverIsAllowed(t *testing.T) {
	everything := mustPaths(t, "/", "/m2m/", "/m2m/v1/", "/ts/")
	for _, raw := range []string{
		"/m2m/v1/session/login", "/m2m/v1/session/logout", "/m2m/v1/session/password/actions/reset", "/m2m/v2/session/login", "/session/login", "/M2M/V1/SESSION/LOGIN",
		"/m2m/v1/Session/LogIn/", "/m2m/v1/session/login/x", "/m2m/v1/session/login.json", "/m2m/v1/%73ession/login", "/m2m/v1/session/%6cogin", "/m2m/v1/session/login%20",
		"/m2m/v1/session./login", "/m2m/v1/session%20/login", "/m2m/v1/%C5%BFession/login", "/m2m/v1/session/login%3fx", "/m2m/v1/session/login?x=1",
		"/ts/v1/oauth2/token", "/ts/v1/oauth2/revoke", "/ts/v1/OAuth2/Token", "/ts/v1/%6fauth2/token", "/oauth2/token", "/ts/v1/oauth2/token/", "/ts/v2/oauth2", "/ts/v1/oauth2.0/token",
	} {
		if _, f := everything.judge(raw); f == nil || f.name != sessionEndpoint.name {
			t.Errorf("%q: %+v", raw, f)
		}
	}
	for _, prefix := range []string{"/m2m/v1/session/login", "/ts/v1/oauth2/", "m2m/", "//", "/a/../b", "", "/a?b", "/a;b"} {
		if _, err := ParsePaths([]string{prefix}); err == nil {
			t.Errorf("the prefix %q is accepted", prefix)
		}
	}
}

func TestAPrefixEndsWhereASegmentEnds(t *testing.T) {
	p := mustPaths(t, "/m2m/v1/devices", "/m2m/v1/groups/")
	for raw, want := range map[string]bool{
		"/m2m/v1/devices": true, "/m2m/v1/devices/": true, "/m2m/v1/devices/actions/list?x": true, "/m2m/v1/devices2": false, "/m2m/v1/devices.json": false,
		"/m2m/v1/groups": false, "/m2m/v1/groups/": true, "/m2m/v1/groups/x": true, "/m2m/v1/device": false, "/M2M/v1/devices": false, "/": false, "/m2m/v1/%64evices/x": true,
	} {
		if _, f := p.judge(raw); (f == nil) != want {
			t.Errorf("%q: %+v", raw, f)
		}
	}
}

// reading is one way in which a server takes a path: each byte is a thing that some server does to it.
func reading(p string, steps []byte) string {
	for _, s := range steps {
		switch s % 10 {
		case 0:
			if next, err := url.PathUnescape(p); err == nil {
				p = next
			}
		case 1:
			p = anyEscape.ReplaceAllStringFunc(p, func(s string) string {
				if s, err := url.PathUnescape(s); err == nil {
					return s
				}
				return s
			})
		case 2:
			p = path.Clean("/" + p)
		case 3:
			p = strings.ReplaceAll(p, `\`, "/")
		case 4:
			p = parameters.ReplaceAllString(p, "")
		case 5:
			p, _, _ = strings.Cut(p, "\x00")
		case 6:
			p = strings.Map(func(r rune) rune {
				if r < ' ' {
					return -1
				}
				return r
			}, p)
		case 7:
			p, _, _ = strings.Cut(p, "?")
			p, _, _ = strings.Cut(p, "#")
		case 8:
			segments := strings.Split(p, "/")
			for i, s := range segments {
				segments[i] = strings.Trim(s, " .")
			}
			p = strings.Join(segments, "/")
		case 9:
			p = strings.NewReplacer("．", ".", "／", "/", "＼", `\`, "․", ".", "‥", "..", "∕", "/", "⁄", "/", "％", "%", "；", ";").Replace(p)
		}
	}
	return path.Clean("/" + p)
}

var (
	anyEscape  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	parameters = regexp.MustCompile(`;[^/]*`)
	secluded   = regexp.MustCompile(`(?i)(/session/(login|logout|password/actions/reset)(/|$))|(/oauth2?(/|$))`)
)

// FuzzPath proves that whatever is accepted goes to the one host, below an allowed prefix, and to no
// session or token endpoint, also if a server in front reads the path in its own way.
func FuzzPath(f *testing.F) {
	for _, raw := range []string{
		"/m2m/v1/devices", "/m2m/v1/session/login", "/m2m/../ts/v1/oauth2/token", "//evil.example/m2m/x", "/m2m/%2e%2e/x", "/m2m/%252e%252e/session/login", "/m2m/..;/x", "http://evil.example/m2m/",
		`/m2m/..\x`, "/m2m/%5c..%5cx", "/m2m/a%2f..%2fx", "/m2m/session%00/login", "/m2m/x?y=/../z", "/m2m/%3f/../x", "/m2m/%ef%bc%8e%ef%bc%8e/x", "/m2m/@evil.example/", "/m2m/100%25", "/m2m/%23/..%20/", "/m2m/%E2%80%A5/x",
	} {
		for _, steps := range []string{"\x00", "\x00\x02\x00", "\x01\x03\x04", "\x02\x01\x05\x08", "\x06\x07", "\x00\x09\x02"} {
			f.Add(raw, []byte(steps), uint8(len(raw)))
		}
	}
	sets := [][]string{{"/m2m/"}, {"/m2m/v1/devices"}, {"/"}, {"/m2m/v1/", "/ts/v1"}}
	f.Fuzz(func(t *testing.T, raw string, steps []byte, which uint8) {
		if len(raw) > 2048 || len(steps) > 12 {
			return
		}
		prefixes := sets[int(which)%len(sets)]
		paths := mustPaths(t, prefixes...)
		target, failure := paths.judge(raw)
		if failure != nil {
			return
		}
		p := &Proxy{base: &url.URL{Scheme: "https", Host: "thingspace.example", Path: "/api"}}
		req := &http.Request{Method: http.MethodGet, URL: p.upstream(target), Header: http.Header{}}
		var wire bytes.Buffer
		if err := req.Write(&wire); err != nil {
			t.Fatalf("%q cannot be sent: %v", raw, err)
		}
		got, err := http.ReadRequest(bufio.NewReader(&wire))
		if err != nil {
			t.Fatalf("%q cannot be read: %v", raw, err)
		}
		sent, _, _ := strings.Cut(got.RequestURI, "?")
		if got.Host != "thingspace.example" || got.URL.Host != "" || !strings.HasPrefix(sent, "/api/") {
			t.Fatalf("%q goes to %q at %q", raw, got.RequestURI, got.Host)
		}
		for _, read := range []string{got.URL.Path, reading(sent, steps), reading(got.URL.Path, steps)} {
			if secluded.MatchString(read) {
				t.Fatalf("%q is read as %q after %v", raw, read, steps)
			}
			below, ok := strings.CutPrefix(read, "/api")
			if !ok {
				t.Fatalf("%q leaves the base: %q after %v", raw, read, steps)
			}
			inside := false
			for _, prefix := range prefixes {
				bare := strings.TrimSuffix(prefix, "/")
				inside = inside || below == bare || strings.HasPrefix(below, bare+"/")
			}
			if !inside {
				t.Fatalf("%q leaves %v: %q after %v", raw, prefixes, below, steps)
			}
		}
	})
}
