package cli

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"iot.internal/thingspace/session"
)

func TestAPathStaysBelowTheBaseURL(t *testing.T) {
	for _, raw := range []string{
		"", "m2m/v1/x", "https://evil.example/m2m", "HTTPS://evil.example", "//evil.example/x", `/\evil.example/x`, "http:/x", "/x\\..\\y",
		"/..", "/../x", "/m2m/..", "/m2m/../x", "/m2m/./x", "/%2e%2e/x", "/%2E%2e/x", "/.%2e/x", "/%2e/x", "/%252e%252e/x", "/%25252e./x",
		"/..%2fx", "/a%2f..%2fb", "/a%5c..%5cb", "/..;x=y/z", "/..%3bx/z", "/%c0%ae%c0%ae/x", "/..%00/x", "/.%2e%20/x",
		"/%" + strings.Repeat("25", 9) + "2e",
		"/a b", "/a\tb", "/a\nb", "/a\x00b", "/a#b", "/é", "/a?x=é", "/a?x= y", "/%zz", "/%",
	} {
		if got, err := callPath(raw); err == nil {
			t.Errorf("%q passes as %q", raw, got)
		} else if status, _ := explain(err); status != exitUsage {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestAPathMayNotNameASessionEndpoint(t *testing.T) {
	for _, raw := range []string{
		"/m2m/v1/session/login", "/m2m/v1/session/logout", "/m2m/v1/session/password/actions/reset", "/m2m/v1/session/login/",
		"/m2m//v1/session//login", "/M2M/V1/SESSION/LOGIN", "/m2m/v1/%73ession/login", "/m2m/v1/session%2flogin", "/m2m/v1/session;a=b/login",
		"/m2m/v1/session/login?x=y",
	} {
		if _, err := callPath(raw); !errors.Is(err, session.ErrSessionEndpoint) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestOrdinaryPathsPassAsTheyAre(t *testing.T) {
	for _, raw := range []string{
		"/", "/m2m/v1/accounts/0000123456-00001", "/m2m/v1/devices/actions/list?x=1&y=a%20b", "/m2m/v1/x?", "/m2m/v1/a%2Fb", "/m2m/v1/...",
		"/m2m/v1/a..b", "/m2m/v1/.hidden", "/m2m/v1/x?u=https://example.com/../y", "/m2m/v1/100%25",
	} {
		got, err := callPath(raw)
		if err != nil || got != raw {
			t.Errorf("%q becomes %q, %v", raw, got, err)
		}
	}
}

func FuzzCallPathNeverChangesTheHost(f *testing.F) {
	for _, s := range []string{"/m2m/v1/x", "//evil", "/%2e%2e/x", "/@evil", "/:80", "/?#", "/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		path, err := callPath(raw)
		if err != nil {
			return
		}
		u, err := url.Parse("https://thingspace.verizon.com/api" + path)
		if err != nil {
			t.Fatalf("%q passes as %q and does not parse: %v", raw, path, err)
		}
		if u.Host != "thingspace.verizon.com" || u.User != nil || !strings.HasPrefix(u.Path, "/api/") || strings.Contains(u.Path, "/../") {
			t.Fatalf("%q leads to %s", raw, u)
		}
	})
}
