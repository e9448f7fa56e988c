package origin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/origin"
)

func parse(t *testing.T, raw string) origin.Origin {
	t.Helper()
	o, err := origin.Parse(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return o
}

func TestBaseURLThatMayHaveCredentials(t *testing.T) {
	for _, c := range []struct{ raw, base, key string }{
		{"https://thingspace.verizon.com/api", "https://thingspace.verizon.com/api", "https://thingspace.verizon.com:443/api"},
		{"https://thingspace.verizon.com/api/", "https://thingspace.verizon.com/api", "https://thingspace.verizon.com:443/api"},
		{"HTTPS://ThingSpace.Verizon.COM/api", "https://thingspace.verizon.com/api", "https://thingspace.verizon.com:443/api"},
		{"https://thingspace.verizon.com:443/api", "https://thingspace.verizon.com/api", "https://thingspace.verizon.com:443/api"},
		{"https://thingspace.verizon.com./api", "https://thingspace.verizon.com./api", "https://thingspace.verizon.com:443/api"},
		{"https://thingspace.verizon.com", "https://thingspace.verizon.com", "https://thingspace.verizon.com:443"},
		{"https://thingspace.verizon.com/", "https://thingspace.verizon.com", "https://thingspace.verizon.com:443"},
		{"https://thingspace.verizon.com:80/api", "https://thingspace.verizon.com:80/api", "https://thingspace.verizon.com:80/api"},
		{"https://thingspace.verizon.com/API", "https://thingspace.verizon.com/API", "https://thingspace.verizon.com:443/API"},
		{"https://thingspace.verizon.com/a/b-c_d.e~f/v1", "https://thingspace.verizon.com/a/b-c_d.e~f/v1", "https://thingspace.verizon.com:443/a/b-c_d.e~f/v1"},
		{"https://192.0.2.7:8443/api", "https://192.0.2.7:8443/api", "https://192.0.2.7:8443/api"},
		{"https://[2001:DB8:0:0::7]/api", "https://[2001:db8::7]/api", "https://[2001:db8::7]:443/api"},
		{"https://[2001:db8::7]:443/api", "https://[2001:db8::7]/api", "https://[2001:db8::7]:443/api"},
		{"https://xn--bcher-kva.example/api", "https://xn--bcher-kva.example/api", "https://xn--bcher-kva.example:443/api"},
		{"https://my_service:8443", "https://my_service:8443", "https://my_service:8443"},
		{"https://10.example/api", "https://10.example/api", "https://10.example:443/api"},
		{"https://localhost.evil.com", "https://localhost.evil.com", "https://localhost.evil.com:443"},
		// Plain http, to this very host alone.
		{"http://localhost:8080", "http://localhost:8080", "http://localhost:8080"},
		{"http://LOCALHOST", "http://localhost", "http://localhost:80"},
		{"http://localhost.:8080", "http://localhost.:8080", "http://localhost:8080"},
		{"http://127.0.0.1:80/api", "http://127.0.0.1/api", "http://127.0.0.1:80/api"},
		{"http://127.8.9.10:8080", "http://127.8.9.10:8080", "http://127.8.9.10:8080"},
		{"http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"},
		{"http://[0:0:0:0:0:0:0:1]", "http://[::1]", "http://[::1]:80"},
		{"http://[::ffff:127.0.0.1]:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://[::FFFF:7f00:1]:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
	} {
		o, err := origin.Parse(c.raw)
		if err != nil || o.Base() != c.base || o.Key() != c.key {
			t.Errorf("%q: base %q, key %q, error %v; want %q, %q", c.raw, o.Base(), o.Key(), err, c.base, c.key)
		}
	}
}

func TestBaseURLThatMayNot(t *testing.T) {
	for why, urls := range map[string][]string{
		"malformed": {
			"httpſ://h", "https://thingspace.verizon.com:port", "https://[::1", "https://[localhost]", "https://[127.0.0.1]", "https://::1/",
			"https://%65vil.com/api", "https://thing space/", "https://h/%zz", "https://h/\x7f", "https://h/api\n", " https://h/api",
			"https://user:p/w@h", "https://[::1]x/", "https://[fe80::1%eth0]/", "https://[127.0.0.1%25lo]/",
		},
		"must begin with https://": {
			"", "thingspace.verizon.com/api", "thingspace.verizon.com:443/api", "//thingspace.verizon.com/api", "ftp://thingspace.verizon.com",
			"file:///etc/passwd", "javascript:alert(1)", "/api", "https",
			// Not this host, however much they look like it.
			"http://thingspace.verizon.com/api", "http://localhost.evil.com", "http://127.0.0.1.nip.io",
			"http://0.0.0.0:8080", "http://[::]:8080", "http://[::ffff:192.0.2.7]", "http://[fe80::1]", "http://192.168.0.1", "http://my.localhost",
			"http://localhost.localdomain", "http://128.0.0.1", "http://xn--lcalhost-n4a",
		},
		"user or password": {"https://zbeeblebrox:IMgr8@h/api", "https://zbeeblebrox@h/api", "https://@h/api", "https://:IMgr8@h", "http://localhost@evil.com"},
		"query or fragment": {
			"https://h/api?x=1", "https://h/api?", "https://h/api#x", "https://h/api#", "https://h?", "https://h?@localhost",
		},
		"no host":    {"https:", "https://", "https:///api", "https:h/api", "https://:443/api", "https:/h"},
		"empty port": {"https://h:/api", "http://127.0.0.1:", "https://[::1]:/"},
		"the base URL's host must be": {
			// What some resolver, library or person takes for another host than the next one does.
			"http://2130706433", "https://2130706433/", "http://127.1", "http://0x7f000001", "http://0x7f.0.0.1", "http://0177.0.0.1", "http://127.0.0.01",
			"http://127.0.0.1.", "https://192.0.2.7.", "https://1.2.3.4.5", "https://192.0.2.256", "https://h.1", "https://h.0x", "https://h.0X1",
			"https://ｈ/", "https://bücher.example", "https://b%C3%BCcher.example", "http://localhoſt", "http://ⓛocalhost", "http://①②⑦.0.0.1", "https://thingspace。verizon.com",
			"https://h..example", "https://.example", "https://h.example..", "https://.", "https://h,i/", "https://h;i/", "https://h!", "https://h=i", `https://h"i`, "https://(h)", "https://h*",
			"https://" + strings.Repeat("a", 64) + ".example", "https://" + strings.Repeat("a.", 127) + "example",
			// A zone is for this host alone, and no URL with one survives being joined.
			"http://[::1%25lo]:8080", "https://[fe80::1%25eth0]/api",
			"https://h:0", "https://h:65536", "https://h:0443", "https://h:99999999999999999999",
		},
		"path must be plain": {
			"https://h/a//b", "https://h//", "https://h//api", "https://h/api//", "https://h/./api", "https://h/api/.", "https://h/../api", "https://h/api/..",
			"https://h/a%2fb", "https://h/a%2Fb", "https://h/%61pi", "https://h/api%3Fx=1", "https://h/api%23x", "https://h/a%20b", "https://h/a b", "https://h/%2e%2e/api",
			`https://h/a\b`, "https://h/a;b", "https://h/a%25b", "https://h/%C3%A4", "https://h/ä", "https://h/a%0ab", "https://h/a'b", "https://h/<a>", `https://h/a"b`, "https://h/a%00",
		},
	} {
		for _, raw := range urls {
			o, err := origin.Parse(raw)
			if err == nil {
				t.Errorf("%q was accepted as %q", raw, o.Base())
				continue
			}
			if !strings.Contains(err.Error(), why) {
				t.Errorf("%q: %v, want: %s", raw, err, why)
			}
			if o != (origin.Origin{}) {
				t.Errorf("%q: an origin beside the error", raw)
			}
		}
	}
}

func TestErrorsDoNotRepeatTheBaseURL(t *testing.T) {
	const secret = "wh0a1545a84d"
	for _, raw := range []string{
		"https://user:" + secret + "@h/api", "http://" + secret + "/api", "https://h/" + secret + "//", "https://h/api?" + secret,
		"https://h:" + secret, secret, secret + "://h", "https://" + secret + "%zz", "https://" + secret + "é",
	} {
		_, err := origin.Parse(raw)
		if err == nil || strings.Contains(strings.ToLower(err.Error()), secret) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestSpellingsOfABaseURLAreOnePlatform(t *testing.T) {
	for _, same := range [][]string{
		{"https://h/api", "https://H/api/", "https://h:443/api", "https://h./api", "HTTPS://h.:443/api/"},
		{"http://127.0.0.1:80", "http://127.0.0.1/", "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]:80/"},
		{"https://[2001:db8::7]:443", "https://[2001:0DB8::0007]/", "https://[2001:db8:0:0:0:0:0:7]"},
	} {
		for _, raw := range same {
			if got, want := parse(t, raw).Key(), parse(t, same[0]).Key(); got != want {
				t.Errorf("%q: %q, want %q", raw, got, want)
			}
		}
	}
	for _, other := range []string{"http://localhost/api", "https://localhost:80/api", "https://localhost/API", "https://localhost/api/v1", "https://localhost", "https://localhostapi"} {
		if parse(t, other).Key() == parse(t, "https://localhost/api").Key() {
			t.Errorf("%q has the key of another platform", other)
		}
	}
}

func TestOwnsItsOriginHoweverItIsWritten(t *testing.T) {
	for base, urls := range map[string][]string{
		"https://thingspace.verizon.com/api": {
			"https://thingspace.verizon.com/api/m2m/v1/devices", "https://thingspace.verizon.com:443/elsewhere", "https://THINGSPACE.verizon.com",
			"HTTPS://thingspace.verizon.com/", "https://thingspace.verizon.com./", "https://thingspace.verizon.com.:443/", "https://thingspace.verizon.com:/",
			"https://user:password@thingspace.verizon.com/?q#f",
		},
		"https://h:8443":         {"https://h:8443/", "https://H.:8443"},
		"http://127.0.0.1:8080":  {"http://127.0.0.1:8080/x", "http://[::ffff:127.0.0.1]:8080/"},
		"http://[::1]":           {"http://[::1]:80/", "http://[0:0:0:0:0:0:0:1]"},
		"http://localhost:8080/": {"http://LocalHost:8080", "http://localhost.:8080/"},
	} {
		o := parse(t, base)
		for _, raw := range urls {
			req := request(t, raw)
			if !o.Owns(req) {
				t.Errorf("%q does not own %q", base, raw)
			}
			req.Host = ""
			if !o.Owns(req) {
				t.Errorf("%q does not own %q without a Host", base, raw)
			}
		}
	}
	o := parse(t, "https://thingspace.verizon.com/api")
	for _, host := range []string{"ThingSpace.Verizon.Com", "thingspace.verizon.com:443", "thingspace.verizon.com."} {
		req := request(t, "https://thingspace.verizon.com/api")
		req.Host = host
		if !o.Owns(req) {
			t.Errorf("not with Host %q", host)
		}
	}
	req := request(t, "https://thingspace.verizon.com/api")
	req.URL.Scheme = "HTTPS"
	if !o.Owns(req) {
		t.Error("not with the scheme in capitals")
	}
}

func TestOwnsNothingElse(t *testing.T) {
	for base, urls := range map[string][]string{
		"https://thingspace.verizon.com/api": {
			"http://thingspace.verizon.com/api", "https://thingspace.verizon.com:80/api", "https://thingspace.verizon.com:8443/api", "https://mock.thingspace.verizon.com/api",
			"https://verizon.com/api", "https://thingspace.verizon.com.evil.com/api", "https://evil.com/thingspace.verizon.com", "https://thingspace.verizon.com@evil.com/api",
			"https://thingspace.verizon.com%2eevil.com:0/", "/api", "//thingspace.verizon.com/api", "ftp://thingspace.verizon.com/", "https://thingspace.verizon.com../",
			"https://ｔhingspace.verizon.com/", "https://thingſpace.verizon.com", "https://thingspace。verizon.com", "https://thingspace.verizon.com:0443", "https:///api",
		},
		"https://kiosk":         {"https://\u212aiosk", "https://kio\u017fk"}, // they fold to k and s
		"http://127.0.0.1:8080": {"http://127.0.0.1./", "http://127.0.0.1.:8080", "http://127.1:8080", "http://2130706433:8080", "http://localhost:8080", "http://[::1]:8080", "https://127.0.0.1:8080", "http://127.0.0.1"},
		"http://[::1]:8080":     {"http://[::1%25lo]:8080", "http://[::2]:8080", "http://[::1]:808"},
		"http://localhost":      {"https://localhost:80", "http://localhost:443", "http://localhost.localdomain"},
	} {
		o := parse(t, base)
		for _, raw := range urls {
			u, err := url.Parse(raw)
			if err != nil {
				continue // nor does anybody else get that far
			}
			if o.Owns(&http.Request{URL: u, Host: u.Host}) || o.Owns(&http.Request{URL: u}) {
				t.Errorf("%q owns %q", base, raw)
			}
		}
	}
}

func TestOwnsNoRequestThatGoesRoundTheHost(t *testing.T) {
	o := parse(t, "https://thingspace.verizon.com/api")
	for name, req := range map[string]*http.Request{
		"no URL":               {},
		"empty URL":            {URL: &url.URL{}},
		"scheme only":          {URL: &url.URL{Scheme: "https"}},
		"host only":            {URL: &url.URL{Host: "thingspace.verizon.com"}},
		"opaque":               {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com", Opaque: "//evil.com/"}},
		"opaque alone":         {URL: &url.URL{Scheme: "https", Opaque: "//thingspace.verizon.com/api"}},
		"foreign Host":         {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com"}, Host: "evil.com"},
		"other port in Host":   {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com"}, Host: "thingspace.verizon.com:8443"},
		"header in Host":       {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com"}, Host: "thingspace.verizon.com\r\nX: y"},
		"path in Host":         {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com"}, Host: "thingspace.verizon.com/x"},
		"user in Host":         {URL: &url.URL{Scheme: "https", Host: "evil.com@thingspace.verizon.com"}},
		"brackets":             {URL: &url.URL{Scheme: "https", Host: "[thingspace.verizon.com]"}},
		"space":                {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com "}},
		"path in the host":     {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com/.evil.com"}},
		"two ports":            {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com:443:443"}},
		"port out of range":    {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com:66000"}},
		"scheme folded":        {URL: &url.URL{Scheme: "http\u017f", Host: "thingspace.verizon.com"}},
		"escape in the host":   {URL: &url.URL{Scheme: "https", Host: "thingspace.verizon.com%00"}},
		"foreign URL own Host": {URL: &url.URL{Scheme: "https", Host: "evil.com"}, Host: "thingspace.verizon.com"},
	} {
		if o.Owns(req) {
			t.Error(name)
		}
	}
	o = parse(t, "https://192.0.2.7")
	if o.Owns(&http.Request{URL: &url.URL{Scheme: "https", Host: "[192.0.2.7]"}}) {
		t.Error("IPv4 in brackets")
	}
	o = parse(t, "https://[2001:db8::abcd]")
	if o.Owns(&http.Request{URL: &url.URL{Scheme: "https", Host: "2001:db8::abcd"}}) {
		t.Error("IPv6 without brackets")
	}
	if new(origin.Origin).Owns(&http.Request{URL: &url.URL{}}) {
		t.Error("the zero Origin owns a request")
	}
}

func TestUsualRequestIsJudgedWithoutAllocation(t *testing.T) {
	for _, base := range []string{"https://thingspace.verizon.com/api", "https://ThingSpace.Verizon.com/api", "https://[2001:DB8::7]:443/api", "http://127.0.0.1:8080"} {
		o := parse(t, base)
		for _, raw := range []string{base, o.Base()} {
			req := request(t, raw+"/m2m/v1/devices/actions/list?x=1")
			ok := true
			if n := testing.AllocsPerRun(100, func() { ok = ok && o.Owns(req) && !origin.SessionEndpoint(req.URL) }); n != 0 || !ok {
				t.Errorf("%q: %v allocations, %v", raw, n, ok)
			}
		}
	}
}

func request(t *testing.T, raw string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func FuzzParse(f *testing.F) {
	for _, raw := range []string{
		"https://thingspace.verizon.com/api", "http://localhost:8080", "https://[2001:db8::7]:8443/a/b/", "http://[::ffff:127.0.0.1]", "https://user:pw@h/",
		"https://h/%2e%2e?q#f", "https://xn--bcher-kva.example.", "http://0x7f.1", "https://h:0443//",
	} {
		f.Add(raw, "/m2m/v1/devices")
	}
	f.Fuzz(func(t *testing.T, raw, rest string) {
		o, err := origin.Parse(raw)
		if err != nil {
			return
		}
		again, err := origin.Parse(o.Base())
		if err != nil || again.Base() != o.Base() || again.Key() != o.Key() {
			t.Fatalf("%q: the base URL %q does not parse as itself: %q, %v", raw, o.Base(), again.Base(), err)
		}
		u, err := url.Parse(o.Base())
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || u.RawPath != "" || strings.HasSuffix(u.Path, "/") {
			t.Fatalf("%q: base URL %q, %v", raw, o.Base(), err)
		}
		loopback := u.Hostname() == "::1" || strings.HasPrefix(u.Hostname(), "127.") || strings.TrimSuffix(u.Hostname(), ".") == "localhost"
		if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
			t.Fatalf("%q: plain to %q", raw, u.Host)
		}
		// What is joined to it stays there.
		joined, err := url.Parse(o.Base() + "/" + strings.TrimLeft(rest, "/"))
		if err != nil {
			return
		}
		if !o.Owns(&http.Request{URL: joined}) || !strings.HasPrefix(joined.Path, u.Path+"/") {
			t.Fatalf("%q: %q left it for %q", raw, rest, joined)
		}
		given, err := url.Parse(raw)
		if err != nil || !o.Owns(&http.Request{URL: given}) {
			t.Fatalf("%q does not own itself", raw)
		}
	})
}
