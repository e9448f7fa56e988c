package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/internal/platform"
	"iot.internal/thingspace/internal/simulator"
	"iot.internal/thingspace/session/sessiontest"
)

// skin is one way to reach a platform.
type skin struct {
	round    func(*http.Request) (*http.Response, error)
	base     string
	advance  func(time.Duration)
	sessions func() // expire
	bearers  func() // expire
	lock     func()
	switches func(func(*platform.Switches))
	inject   func(platform.Fault)
	reset    func()
	broken   func() int // requests that broke the contract

	bearer, token string
}

// skins are the two over the one model, in the same state.
func skins(t *testing.T) map[string]*skin {
	t.Helper()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := sessiontest.New(t, sessiontest.WithClock(func() time.Time { return at }))
	first := &skin{
		round: p.Transport().RoundTrip, base: p.BaseURL(),
		advance:  func(d time.Duration) { at = at.Add(d) },
		sessions: p.ExpireSessions, bearers: p.ExpireBearers, lock: p.Lock,
		switches: func(change func(*platform.Switches)) {
			p.SetSwitches(func(s *sessiontest.Switches) {
				model := platform.Switches(*s)
				change(&model)
				*s = sessiontest.Switches(model)
			})
		},
		inject: func(f platform.Fault) { p.Inject(sessiontest.Fault(f)) },
		reset:  p.Reset, broken: func() int { return 0 },
	}
	s, err := simulator.New(simulator.Options{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	second := &skin{
		round: func(r *http.Request) (*http.Response, error) { return answer(s.Handler(), r), nil },
		base:  "http://127.0.0.1:8080/api", advance: s.Advance,
		sessions: s.Platform().ExpireSessions, bearers: s.Platform().ExpireBearers,
		lock: func() { s.Platform().Lock(simulator.DefaultUsername) },
		switches: func(change func(*platform.Switches)) {
			if err := s.Platform().SetSwitches(change); err != nil {
				t.Error(err)
			}
		},
		inject: func(f platform.Fault) {
			if _, err := s.Platform().Inject(f); err != nil {
				t.Error(err)
			}
		},
		reset:  s.Platform().Reset,
		broken: func() int { return s.Violations().Requests },
	}
	t.Cleanup(func() {
		if n := s.Violations().Responses; n != 0 {
			t.Errorf("%d answers broke the contract", n)
		}
	})
	return map[string]*skin{"sessiontest": first, "simulator": second}
}

// answer serves a request as if it had come over a loopback socket.
func answer(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	r.RequestURI = ""
	if r.Body == nil {
		r.Body = http.NoBody
	}
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
	return w.Result()
}

// request is one step of a story.
type request struct {
	method, path string
	body         string
	header       map[string]string // over those that are usual; "-" takes one away
}

// said is what an answer looks like: tokens and passwords differ from skin to skin.
type said struct {
	Status int
	Type   string
	Body   any
}

func (s *skin) send(t *testing.T, q request) said {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, s.base+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if s.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	if s.token != "" {
		r.Header.Set("VZ-M2M-Token", s.token)
	}
	if q.path == tokenPath {
		r.SetBasicAuth(simulator.DefaultKey, simulator.DefaultSecret)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Del("VZ-M2M-Token")
	}
	for name, value := range q.header {
		if value == "-" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, value)
	}
	resp, err := s.round(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	result := said{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Body: string(body)}
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		if token, ok := object["access_token"].(string); ok {
			s.bearer = token
		}
		if token, ok := object["sessionToken"].(string); ok && strings.HasSuffix(q.path, "/login") {
			s.token = token
		}
		for _, secret := range []string{"access_token", "sessionToken", "newPassword"} {
			if value, ok := object[secret].(string); ok {
				object[secret] = len(value)
			}
		}
		result.Body = object
	}
	return result
}

const (
	tokenPath  = "/ts/v1/oauth2/token"
	loginPath  = "/m2m/v1/session/login"
	logoutPath = "/m2m/v1/session/logout"
	resetPath  = "/m2m/v1/session/password/actions/reset"
)

var (
	fetch    = request{method: "POST", path: tokenPath, body: "grant_type=client_credentials"}
	login    = request{method: "POST", path: loginPath, body: `{"username":"zbeeblebrox","password":"IMgr8"}`}
	badLogin = request{method: "POST", path: loginPath, body: `{"username":"zbeeblebrox","password":"wrong"}`}
	logout   = request{method: "POST", path: logoutPath}
	reset    = request{method: "PUT", path: resetPath, body: `{"oldPassword":"IMgr8"}`}
	badReset = request{method: "PUT", path: resetPath, body: `{"oldPassword":"wrong"}`}
	devices  = request{method: "POST", path: "/m2m/v1/devices/actions/list", body: `{"accountName":"0000123456-00001"}`}
)

// TestBothSkinsAnswerTheSame plays stories to both skins and compares every answer. An answer that is
// not of the contract would differ, since the simulator replaces it by a 500.
func TestBothSkinsAnswerTheSame(t *testing.T) {
	type step any // a request, or a func(*skin)
	switched := func(change func(*platform.Switches)) func(*skin) {
		return func(s *skin) { s.switches(change) }
	}
	stories := map[string][]step{
		"a day":           {fetch, login, devices, logout, devices, logout, login, devices},
		"accounts":        {fetch, login, request{method: "GET", path: "/m2m/v1/accounts/0000123456-00001"}, request{method: "GET", path: "/m2m/v1/accounts/none"}},
		"without bearer":  {login, logout, reset, devices},
		"without session": {fetch, logout, reset, devices},
		"idle": {
			fetch, login, func(s *skin) { s.advance(19 * time.Minute) }, devices, func(s *skin) { s.advance(20 * time.Minute) },
			devices, logout, reset, login, devices,
		},
		"the hour":       {fetch, func(s *skin) { s.advance(59*time.Minute + 30*time.Second) }, fetch, func(s *skin) { s.advance(time.Minute) }, login, fetch, login},
		"expired":        {fetch, login, func(s *skin) { s.sessions() }, reset, func(s *skin) { s.bearers() }, reset},
		"strikes":        {fetch, badLogin, badLogin, login, badLogin, badLogin, badLogin, badLogin, badLogin, login, badLogin, badReset},
		"rotation":       {fetch, login, badReset, reset, reset, login},
		"locked":         {fetch, login, func(s *skin) { s.lock() }, login, reset, devices},
		"other refusals": {fetch, login, switched(func(s *platform.Switches) { s.RefusedStatus, s.LockedStatus = 403, 423 }), badLogin, badReset, func(s *skin) { s.lock() }, login, reset},
		"dead logout":    {fetch, login, logout, switched(func(s *platform.Switches) { s.LogoutOfDeadSessionSucceeds = true }), logout},
		"XML":            {switched(func(s *platform.Switches) { s.FaultForm = platform.FaultXML }), login, devices, reset},
		"numbers":        {switched(func(s *platform.Switches) { s.FaultForm = platform.FaultNumber }), login, devices, reset},
		"unwrapped":      {switched(func(s *platform.Switches) { s.FaultForm = platform.FaultUnwrapped }), login, devices, reset},
		"by accept": {
			switched(func(s *platform.Switches) { s.FaultForm = platform.FaultAccept }), login,
			request{method: "POST", path: loginPath, header: map[string]string{"Accept": "application/xml"}},
		},
		"wrong methods": {
			fetch,
			request{method: "GET", path: loginPath},
			request{method: "PUT", path: logoutPath},
			request{method: "POST", path: resetPath},
			request{method: "GET", path: tokenPath},
			request{method: "DELETE", path: loginPath},
			request{method: "OPTIONS", path: loginPath},
		},
		"paths":           {fetch, login, request{method: "POST", path: "/m2m/v1/session/./login", body: login.body}, request{method: "GET", path: "/nowhere"}, request{method: "GET", path: "/m2m"}},
		"faults":          {fetch, func(s *skin) { s.inject(platform.Fault{Kind: platform.WrongTypes, Times: 1}) }, login, login, func(s *skin) { s.inject(platform.Fault{Kind: platform.Status, Status: 429, RetryAfter: "3"}) }, login, reset},
		"unknown headers": {fetch, request{method: "POST", path: loginPath, body: login.body, header: map[string]string{"Idempotency-Key": "1", "X-Anything": "2"}}},
		"too large":       {fetch, request{method: "POST", path: loginPath, body: strings.Repeat(" ", 2<<20)}},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			both := skins(t)
			for i, s := range story {
				if do, ok := s.(func(*skin)); ok {
					do(both["sessiontest"])
					do(both["simulator"])
					continue
				}
				q, _ := s.(request)
				a, b := both["sessiontest"].send(t, q), both["simulator"].send(t, q)
				if !reflect.DeepEqual(a, b) {
					t.Errorf("step %d, %s %s:\nsessiontest %+v\n  simulator %+v", i, q.method, q.path, a, b)
				}
			}
		})
	}
}
