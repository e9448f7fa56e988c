package origin_test

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/origin"
)

func TestSessionEndpointIsRefusedHoweverItIsWritten(t *testing.T) {
	for _, raw := range []string{
		"/api/m2m/v1/session/login", "/api/m2m/v1/session/logout", "/api/m2m/v1/session/password/actions/reset",
		"/m2m/v1/session/login", "/session/login", "session/login", "/m2m/v2/session/login", "/proxy/api/m2m/v1/session/login",
		// Case, and what folds to it.
		"/m2m/v1/Session/Login", "/M2M/V1/SESSION/LOGOUT", "/m2m/v1/session/password/Actions/reSet",
		"/m2m/v1/%C5%BFession/login", "/m2m/v1/ſeſſion/login", "/m2m/v1/sess\u0131on/log\u0131n", "/m2m/v1/session/LOG\u0130N",
		// Slashes.
		"/m2m/v1/session/login/", "/m2m/v1/session/login//", "/m2m/v1//session/login", "/m2m/v1/session//login", "//session/login", "/m2m/v1/session///login//x",
		`/m2m/v1/session\login`, `/m2m/v1\session/login`, `\session\login\`, `/m2m/v1/session/\/login`, "/m2m/v1/session%5clogin",
		// Dots.
		"/m2m/v1/./session/login", "/m2m/v1/session/./login", "/m2m/v1/session/x/../login", "/m2m/v1/session/login/.", "/m2m/v1/session/login/x/..",
		"/m2m/v1/devices/../session/login", "/m2m/v1/session/login/../login", "/m2m/v1/session./login", "/m2m/v1/session/login.", "/m2m/v1/session/login...",
		"/m2m/v1/devices/..;/session/login", "/m2m/v1/session/..;/session/login", "/m2m/v1/session/x/..;a=b/login",
		// Escapes, and escapes of escapes.
		"/m2m/v1/session%2flogin", "/m2m/v1%2Fsession%2Flogin", "/m2m/v1/%73ession/login", "/m2m/v1/sessio%6e/%6cogin", "/%6d2m/v1/session/l%6Fgin",
		"/m2m/v1/session/%2e/login", "/m2m/v1/session/x/%2e%2e/login", "/m2m/v1/session/x/.%2e/login", "/m2m/v1/session/login%2f", "/m2m/v1/session/login%2e",
		"/m2m/v1/session/%256cogin", "/m2m/v1/session%252flogin", "/m2m/v1/session/%25256cogin", "/m2m/v1/session/%25%36cogin", "/m2m/v1/session/%25%36%63ogin",
		"/m2m/v1/session/%2525252525252525256cogin", "/m2m/v1/session/x/%252e%252e/login", "/m2m/v1/session/a%252fb/../log%2569n",
		"/m2m/v1/session%25/%252e%252e/session/%256cogin", "/m2m/v1/session/%25u006cogin", "/m2m/v1/%25u0073ession/login", "/m2m/v1/session%25u002flogin", "/m2m/v1/session/%25U006Cogin",
		"/m2m/v1/session%c0%aflogin", "/m2m/v1/session/x/%c0%ae%c0%ae/login", "/m2m/v1/session%e0%80%aflogin", "/m2m/v1/session%25c0%25aflogin", "/m2m/v1/session/%c1%acogin",
		// Parameters, extensions, and what is beneath.
		"/m2m/v1/session/login;x", "/m2m/v1/session;x=y/login", "/m2m/v1/session;/login;jsessionid=1", "/m2m/v1/session/login%3bx", "/m2m;x/v1;y/session/login",
		"/m2m/v1/session/login?x=1", "/m2m/v1/session/login#x", "/m2m/v1/session/login%3fx", "/m2m/v1/session/login%23x",
		"/m2m/v1/session/login.json", "/m2m/v1/session/login.do", "/m2m/v1/session/logout.xml", "/m2m/v1/session/login/extra", "/m2m/v1/session/login/extra/more", "/m2m/v1/session/login!x", "/m2m/v1/session/login:x", "/m2m/v1/session/password/actions/reset/1",
		"/m2m/v1/session/logins/session/login",
		// Characters that somebody strips, or ends at.
		"/m2m/v1/session/login%20", "/m2m/v1/session%20/login", "/m2m/v1/session/%20login", "/m2m/v1/session/login%00", "/m2m/v1/session/login%00x", "/m2m/v1/session/log%00in", "/m2m/v1/session/log%7fin",
		"/m2m/v1/session/login%0d%0a", "/m2m/v1/sess%09ion/login", "/m2m/v1/session/login%7f", "/m2m/v1/session/log%2500in", "/m2m/v1/session/%01/login", "/m2m/v1/session/%256%25001ogin/../login",
		// Malformed escapes, which a lenient server lets stand.
		"/%25zz/../m2m/v1/session/%256cogin", "/m2m/v1/session/login%25", "/m2m/v1/session/%25%252/login", "/m2m/v1/session/%25u00/../login",
		"/m2m/v1/.session/login", "/m2m/v1/session/.login", "/m2m/v1/session/..login",
		// The endpoints of the bearer.
		"/ts/v1/oauth2/token", "/ts/v1/oauth2/revoke", "/api/ts/v1/oauth2/token", "/oauth2/token", "/ts/v1/oauth2/token/", "/ts/v1/oauth2/token/x", "/TS/V1/OAuth2/Token",
		"/ts/v1//oauth2//token", "/ts/v1/oauth2/./token", "/ts/v1/oauth2/x/../token", `/ts/v1\oauth2\token`, "/ts/v1/oauth2;x=y/token", "/ts/v1/oauth2/token;x", "/ts/v1/oauth2/token.json",
		"/ts/v1/oauth2%2ftoken", "/ts/v1/%6fauth2/token", "/ts/v1/oauth2/%74oken", "/ts/v1/oauth2/%2574oken", "/ts/v1/oauth%32/token", "/ts/v1/oauth2/to%00ken", "/ts/v1/oauth2/token%20",
		"/ts/v1/oauth2%c0%aftoken", "/ts/v1/oauth2/to%E2%84%AAen", "/ts/v1/oauth2/%25u0074oken", "/m2m/../ts/v1/oauth2/revoke", "/m2m/..;/ts/v1/oauth2/revoke", "/ts/v1/oauth2/token?x=y",
		"/m2m/v1/session/password/%2e/actions/reset", "/m2m/v1/session/password//actions/reset", "/m2m/v1/session/password/actions;x/reset", "/m2m/v1/session%2fpassword%2factions%2freset",
	} {
		u, err := url.Parse("https://thingspace.verizon.com/" + strings.TrimPrefix(raw, "/"))
		if err != nil {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if !origin.SessionEndpoint(u) {
			t.Errorf("%q gets through as %q", raw, u.Path)
		}
		if !origin.SessionEndpoint(&url.URL{Path: u.Path}) {
			t.Errorf("%q gets through when it is not parsed", u.Path)
		}
		// As it is on the wire, put into Path by hand: net/http escapes it once more.
		if by := strings.SplitN(raw, "?", 2)[0]; !origin.SessionEndpoint(&url.URL{Path: strings.SplitN(by, "#", 2)[0]}) {
			t.Errorf("%q gets through when it is a Path", raw)
		}
	}
}

func TestPathThatRawPathContradictsIsStillRefused(t *testing.T) {
	// net/http sends RawPath only if it is an escaped Path.
	for _, u := range []*url.URL{
		{Path: "/m2m/v1/session/login", RawPath: "/m2m/v1/devices"},
		{Path: "/m2m/v1/session/login", RawPath: "/m2m/v1/session%2flogin"},
		{Path: "/m2m/v1/session/login", RawPath: "%zz"},
	} {
		if !origin.SessionEndpoint(u) {
			t.Errorf("%q, %q", u.Path, u.RawPath)
		}
	}
}

func TestOrdinaryPathsAreNotRefused(t *testing.T) {
	for _, raw := range []string{
		"", "/", "/m2m/v1/devices/actions/list", "/m2m/v1/devices/actions/activate", "/m2m/v1/callbacks/0000123456-00001", "/m2m/v1/diagnostics/basic/devicereachability",
		"/m2m/v1/groups/0000123456-00001/name/West%20Coast", "/m2m/v1/groups/x%2Fy", "/m2m/v1/groups/100%25", "/m2m/v1/groups/M%C3%BCnchen", "/m2m/v1/groups/a;b", "/m2m/v1/groups/a%5Cb",
		"/m2m/v1/sessions", "/m2m/v1/sessions/login", "/m2m/v1/session", "/m2m/v1/session/", "/m2m/v1/devices/sessions/login-history", "/m2m/v1/session/logins", "/m2m/v1/session/login-history",
		"/m2m/v1/session/login_attempts", "/m2m/v1/session/login2", "/m2m/v1/session/logouts", "/m2m/v1/session/loginé", "/m2m/v1/mysession/login", "/m2m/v1/my-session/login", "/m2m/v1/obsession/logout", "/m2m/v1/intersession",
		"/m2m/v1/session/password", "/m2m/v1/session/password/actions", "/m2m/v1/session/password/reset", "/m2m/v1/session/password/actions/resets", "/m2m/v1/session/passwords/actions/reset",
		"/m2m/v1/login", "/m2m/v1/logout", "/login/session", "/m2m/v1/session/devices/login", "/m2m/v1/session-login", "/m2m/v1/session.login", "/m2m/v1/password/actions/reset",
		"/m2m/v1/devices/session", "/m2m/v1/groups/session;x", "/m2m/v1/groups/session%20one", "/m2m/v1/groups/session%252fone", "/m2m/v1/%73ession", "/m2m/v1/groups/S%C3%A9ssion/login",
		"/m2m/v1/devices?next=/session/login", "/m2m/v1/devices#/session/login", "/m2m/v1/groups/login/../session", "/m2m/v1/s%C5%BF/se",
		"/ts/v1/oauth2", "/ts/v1/oauth2/", "/ts/v1/oauth2/tokens", "/ts/v1/oauth2/token-info", "/ts/v1/oauth2/revoked", "/ts/v1/token", "/ts/v1/oauth/token", "/ts/v1/oauth20/token",
		"/m2m/v1/groups/oauth2", "/m2m/v1/groups/oauth2%20one", "/m2m/v1/groups/myoauth2/token", "/m2m/v1/tokens/oauth2", "/m2m/v1/devices?next=/oauth2/token", "/m2m/v1/.hidden",
	} {
		u, err := url.Parse("https://thingspace.verizon.com" + raw)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if origin.SessionEndpoint(u) {
			t.Errorf("%q is refused", raw)
		}
	}
}

func TestHugePathIsJudgedInLinearTime(t *testing.T) {
	for _, p := range []string{strings.Repeat("%25", 1<<17), strings.Repeat("/session/logins", 1<<14), strings.Repeat("%", 1<<17) + "25", strings.Repeat("/session", 1<<15)} {
		origin.SessionEndpoint(&url.URL{Path: p}) // the test's own time limit is the measure
	}
}

// server is one way of reading a path: each byte is a thing that some server does to it.
func server(p string, steps []byte) string {
	for _, s := range steps {
		switch s % 9 {
		case 0:
			if next, err := url.PathUnescape(p); err == nil {
				p = next
			}
		case 1:
			p = lenientEscape.ReplaceAllStringFunc(p, func(s string) string {
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
			p = parameter.ReplaceAllString(p, "")
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
		case 8:
			segments := strings.Split(p, "/")
			for i, s := range segments {
				segments[i] = strings.Trim(s, " .")
			}
			p = strings.Join(segments, "/")
		}
	}
	return path.Clean("/" + p)
}

var (
	lenientEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	parameter     = regexp.MustCompile(`;[^/]*`)
	endpoint      = regexp.MustCompile(`(?i)/(session/(login|logout|password/actions/reset)|oauth2/(token|revoke))(/|$)`)
	ordinary      = regexp.MustCompile(`^(/[A-Za-z0-9_-]+)+$`)
)

func FuzzSessionEndpoint(f *testing.F) {
	for _, p := range []string{
		"/m2m/v1/session/login", "/m2m/v1/session%252flogin", "/session/x/../login", "/session;x/logout", `\session\password\actions\reset`, "/m2m/v1/devices",
		"/session/a%2fb/../log%69n", "/session/login\x00.html", "/session./login .", "/%zz/../session/%6cogin", "/session/password/./actions//reset", "/m2m/v1/session/logins", "/ts/v1/oauth2%252ftoken", `\oauth2\revoke`, ".session/login",
	} {
		for _, steps := range []string{"\x00", "\x00\x02\x00", "\x01\x03\x04", "\x02\x01\x05\x08", "\x06\x07"} {
			f.Add(p, []byte(steps))
		}
	}
	f.Fuzz(func(t *testing.T, p string, steps []byte) {
		if len(p) > 4096 || len(steps) > 12 {
			return
		}
		refused := origin.SessionEndpoint(&url.URL{Path: p})
		if read := server(p, steps); endpoint.MatchString(read) && !refused {
			t.Fatalf("%q gets through, and a server that does %v reads %q", p, steps, read)
		}
		if ordinary.MatchString(p) && refused != endpoint.MatchString(p) {
			t.Fatalf("%q: refused %v", p, refused)
		}
	})
}
