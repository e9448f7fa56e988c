package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/simulator"
)

// panel is somebody at the control path.
type panel struct {
	*testing.T
	handler http.Handler
	server  *simulator.Server
}

func newPanel(t *testing.T) *panel {
	t.Helper()
	s, err := simulator.New(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &panel{t, s.Handler(), s}
}

func (p *panel) do(method, path, body string) (int, map[string]any) {
	p.Helper()
	r := httptest.NewRequestWithContext(p.Context(), method, "http://127.0.0.1:8080/_control"+path, strings.NewReader(body))
	resp := answer(p.handler, r)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	var object map[string]any
	if strings.HasPrefix(string(text), "{") {
		if err := json.Unmarshal(text, &object); err != nil {
			p.Fatal(err)
		}
	}
	return resp.StatusCode, object
}

func (p *panel) must(method, path, body string) map[string]any {
	p.Helper()
	status, object := p.do(method, path, body)
	if status != http.StatusOK && status != http.StatusCreated {
		p.Fatalf("%s %s: %d %v", method, path, status, object)
	}
	return object
}

// caller is somebody at the API, by way of the skin of the other tests.
func (p *panel) caller() *skin {
	return &skin{base: "http://127.0.0.1:8080/api", round: func(r *http.Request) (*http.Response, error) {
		return answer(p.handler, r), nil
	}}
}

func (p *panel) status(s *skin, q request, want int) {
	p.Helper()
	if got := s.send(p.T, q); got.Status != want {
		p.Errorf("%s %s: %+v, want %d", q.method, q.path, got, want)
	}
}

func TestTheControlPathDoesWhatTheModelCan(t *testing.T) {
	p := newPanel(t)
	c := p.caller()
	p.status(c, fetch, 200)
	p.status(c, login, 200)
	p.status(c, devices, 200)

	p.must("POST", "/clock/advance", `{"by": "20m"}`)
	p.status(c, devices, 400)
	p.status(c, login, 200)
	p.must("POST", "/sessions/expire", "")
	p.status(c, devices, 400)
	p.must("POST", "/bearers/expire", "")
	p.status(c, devices, 401)
	p.status(c, fetch, 200)

	p.must("PUT", "/users/zbeeblebrox/password", `{"password": "other"}`)
	p.status(c, login, 400)
	if u := p.must("GET", "/users/zbeeblebrox", ""); u["strikes"] != 1.0 || u["locked"] != false {
		t.Errorf("%v", u)
	}
	p.must("POST", "/users/zbeeblebrox/clear-strikes", "")
	p.must("PUT", "/users/zbeeblebrox/password", `{"password": "IMgr8"}`)
	p.must("POST", "/users/zbeeblebrox/lock", "")
	p.status(c, login, 400)
	p.must("POST", "/users/zbeeblebrox/unlock", "")
	p.status(c, login, 200)

	if made := p.must("POST", "/faults", `{"on": ["login"], "kind": "status", "status": 503, "retryAfter": "9"}`); made["id"] != 1.0 {
		t.Errorf("%v", made)
	}
	p.status(c, login, 503)
	p.must("DELETE", "/faults/1", "")
	p.status(c, login, 200)
	p.must("POST", "/faults", `{"kind": "empty"}`)
	p.must("DELETE", "/faults", "")
	p.status(c, login, 200)

	if s := p.must("PATCH", "/switches", `{"refusedStatus": 403, "idleLimit": "90s", "activity": "any"}`); s["idleLimit"] != "1m30s" || s["activity"] != "any" {
		t.Errorf("%v", s)
	}
	p.status(c, badLogin, 403)
	if n := p.must("GET", "/counters", ""); n["strikes"] != 1.0 || n["logins"].(float64) < 7 {
		t.Errorf("%v", n)
	}
	st := p.must("GET", "/state", "")
	if st["base"] != "/api" || st["users"].([]any)[0].(map[string]any)["username"] != "zbeeblebrox" || st["contractViolations"] == nil || st["now"] == "" {
		t.Errorf("%v", st)
	}
	p.must("POST", "/reset", "")
	if n := p.must("GET", "/counters", ""); n["requests"] != 0.0 {
		t.Errorf("%v", n)
	}
	if status, _ := p.do("GET", "/journal", ""); status != 200 {
		t.Errorf("journal: %d", status)
	}
}

func TestNothingThatTheControlPathTellsHoldsASecret(t *testing.T) {
	p := newPanel(t)
	c := p.caller()
	p.status(c, fetch, 200)
	p.status(c, login, 200)
	p.status(c, devices, 200)
	for _, path := range []string{"", "/state", "/counters", "/journal", "/switches", "/faults", "/users/zbeeblebrox"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8080/_control"+path, nil)
		resp := answer(p.handler, r)
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		for _, secret := range []string{"IMgr8", c.bearer, c.token, simulator.DefaultSecret} {
			if resp.StatusCode != 200 || strings.Contains(string(text), secret) {
				t.Errorf("%s: status %d, or a secret in it", path, resp.StatusCode)
			}
		}
	}
}

func TestSenselessControlsChangeNothing(t *testing.T) {
	p := newPanel(t)
	before := p.must("GET", "/state", "")
	for _, q := range []struct {
		method, path, body string
		status             int
	}{
		{"PATCH", "/switches", `{"idleLimit": 20}`, 400},
		{"PATCH", "/switches", `{"idleLimit": "20 minutes"}`, 400},
		{"PATCH", "/switches", `{"idleLimit": "-1m"}`, 400},
		{"PATCH", "/switches", `{"strikeLimit": "5"}`, 400},
		{"PATCH", "/switches", `{"cookies": null}`, 400},
		{"PATCH", "/switches", `{"cookies": false, "biscuits": true}`, 400},
		{"PATCH", "/switches", `[]`, 400},
		{"PATCH", "/switches", ``, 400},
		{"POST", "/faults", `{"kind": "flood"}`, 400},
		{"POST", "/faults", `{"kind": "drop", "on": "login"}`, 400},
		{"POST", "/faults", `{"kind": "slow"}`, 400},
		{"DELETE", "/faults/7", "", 404},
		{"DELETE", "/faults/x", "", 404},
		{"POST", "/clock/advance", `{}`, 400},
		{"POST", "/clock/advance", `{"by": "-1m"}`, 400},
		{"POST", "/clock/advance", `{"by": "2000000h"}`, 400},
		{"POST", "/users/nobody/lock", "", 404},
		{"GET", "/users/nobody", "", 404},
		{"PUT", "/users/nobody/password", `{"password": "x"}`, 404},
		{"PUT", "/users/zbeeblebrox/password", `{"password": ""}`, 400},
		{"PUT", "/users/zbeeblebrox/password", `{"password": "` + strings.Repeat("x", 100_000) + `"}`, 413},
		{"POST", "/state", "", 404},
		{"GET", "/nothing", "", 404},
	} {
		status, object := p.do(q.method, q.path, q.body)
		if reason, _ := object["error"].(string); status != q.status || reason == "" {
			t.Errorf("%s %s %.40s: %d %v, want %d", q.method, q.path, q.body, status, object, q.status)
		}
	}
	after := p.must("GET", "/state", "")
	before["now"], after["now"] = nil, nil
	if a, b := text(t, before), text(t, after); a != b {
		t.Errorf("before %s\nafter  %s", a, b)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheControlPathIsForThisMachineAlone(t *testing.T) {
	p := newPanel(t)
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for name, tt := range map[string]struct {
		addr   net.Addr
		host   string
		header map[string]string
		status int
	}{
		"curl":            {local, "127.0.0.1:8080", nil, 200},
		"localhost":       {local, "localhost:8080", nil, 200},
		"IPv6":            {&net.TCPAddr{IP: net.IPv6loopback}, "[::1]:8080", nil, 200},
		"unix socket":     {&net.UnixAddr{Name: "/run/x", Net: "unix"}, "anything", nil, 200},
		"own page":        {local, "localhost:8080", map[string]string{"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}, 200},
		"typed in":        {local, "localhost:8080", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		"public address":  {&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "127.0.0.1:8080", nil, 403},
		"unknown address": {nil, "127.0.0.1:8080", nil, 403},
		"rebinding":       {local, "evil.example:8080", nil, 403},
		"foreign page":    {local, "127.0.0.1:8080", map[string]string{"Origin": "https://evil.example"}, 403},
		"null origin":     {local, "127.0.0.1:8080", map[string]string{"Origin": "null"}, 403},
		"other port":      {local, "127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:9090"}, 403},
		"foreign image":   {local, "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"same site":       {local, "localhost:8080", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/_control/reset", nil)
			r.Host = tt.host
			for n, v := range tt.header {
				r.Header.Set(n, v)
			}
			if tt.addr != nil {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tt.addr))
			}
			w := httptest.NewRecorder()
			p.handler.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
		})
	}
}

func TestTheControlPathCanBeLeftOut(t *testing.T) {
	s, err := simulator.New(simulator.Options{NoControl: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &panel{t, s.Handler(), s}
	if status, _ := p.do("GET", "/state", ""); status != 404 {
		t.Errorf("status %d", status)
	}
}

// TestEveryControlIsListed holds the code, the list that is served and the package's documentation
// against each other.
func TestEveryControlIsListed(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	routes := regexp.MustCompile(`"((?:GET|PUT|POST|PATCH|DELETE)) (/_control[^"]*)"`).FindAllStringSubmatch(read("control.go"), -1)
	if len(routes) < 19 {
		t.Fatalf("only %d controls were found in the code", len(routes))
	}
	for _, list := range []string{"control.txt", "doc.go"} {
		said := read(list)
		for _, r := range routes {
			if !regexp.MustCompile(r[1] + ` +` + regexp.QuoteMeta(r[2]) + ` `).MatchString(said) {
				t.Errorf("%s does not list %s %s", list, r[1], r[2])
			}
		}
	}
	p := newPanel(t)
	if status, _ := p.do("GET", "", ""); status != 200 {
		t.Errorf("status %d", status)
	}
}
