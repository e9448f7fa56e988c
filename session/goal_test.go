package session

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestARefusedRequestsGoalIsNamedAndNoMore(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		url  *url.URL
		host string
		want string
	}{
		{nil, "", "no host"},
		{&url.URL{Scheme: "https", Opaque: "secret"}, "", "no host"},
		{&url.URL{Scheme: "https", Host: "a.example", Path: "/secret", RawQuery: "secret"}, "", `"https://a.example"`},
		{&url.URL{Scheme: "https", Host: "a.example"}, "a.example", `"https://a.example"`},
		{&url.URL{Scheme: "https", Host: "a.example"}, "b.example", `"https://a.example" with the Host header "b.example"`},
		{&url.URL{Scheme: "https", Host: "user:secret@a.example"}, "", `"…@a.example"`},
		{&url.URL{Scheme: "https", Host: "a\nb"}, "", `"https://a\nb"`},
		{&url.URL{Scheme: long, Host: "a.example"}, "", `"` + long[:267] + `"`},
		{&url.URL{Scheme: "https", Host: long}, "", `"https://` + long[:259] + `"`},
	} {
		if got := goal(&http.Request{URL: c.url, Host: c.host}); got != c.want {
			t.Errorf("%+v, %q: %s, want %s", c.url, c.host, got, c.want)
		}
	}
}
