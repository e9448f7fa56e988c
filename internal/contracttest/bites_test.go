package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/simulator"
)

const root = "../.."

func installed(t *testing.T) {
	t.Helper()
	err := (&suite{root: root}).find()
	if errors.Is(err, errNoSuite) && os.Getenv("CI") == "" {
		t.Skip("which is a failure in CI: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// brief is a run of the suite against a server, with little of everything.
func brief(t *testing.T, base string, more ...string) (int, string) {
	t.Helper()
	env := map[string]string{
		variables[0]: simulator.DefaultKey, variables[1]: simulator.DefaultSecret,
		variables[2]: simulator.DefaultUsername, variables[3]: simulator.DefaultPassword,
	}
	var out bytes.Buffer
	args := append([]string{"-root", root, "-base-url", base, "-examples", "4", "-shrink=false"}, more...)
	status := run(t.Context(), args, func(name string) string { return env[name] }, &out, &out)
	return status, out.String()
}

func simulated(t *testing.T, o simulator.Options) string {
	t.Helper()
	s, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL + simulator.Base
}

func TestASimulatorWithADeliberatelyWrongAnswerFails(t *testing.T) {
	installed(t)
	for name, c := range map[string]struct{ fault, lives, found string }{
		"a field of another type": {`{"on": ["logout"], "kind": "wrong-types"}`, "0", "Response violates schema"},
		"a status of 500":         {`{"on": ["reset"], "kind": "status", "status": 500}`, "0", "Server error"},
		"an undocumented status":  {`{"on": ["logout"], "kind": "status", "status": 418}`, "0", "Undocumented status code"},
		"a token with a status that is none of its own": {
			`{"on": ["logout"], "kind": "status", "status": 201, "body": "content", "content": "{\"sessionToken\": \"bcce3ea6-fe4f-4952-bacf-eadd80718e83\"}"}`,
			"0", `"sessionToken": "[Filtered]"`,
		},
		"an HTML page": {`{"on": ["logout"], "kind": "status", "status": 400, "body": "html"}`, "0", "Undocumented Content-Type"},
		"success for everybody": {
			`{"on": ["logout"], "kind": "status", "status": 200, "body": "content", "content": "{\"sessionToken\": \"a\"}"}`,
			"0", "Authorization missing: 200, not 401",
		},
		"success for everybody, in a life": {
			`{"on": ["logout"], "kind": "status", "status": 200, "body": "content", "content": "{\"sessionToken\": \"a\"}"}`,
			"5", "lifecycle: AssertionError",
		},
	} {
		status, out := brief(t, simulated(t, simulator.Options{}), "-lives", c.lives, "-fault", c.fault)
		if status != 1 || !strings.Contains(out, c.found) || !strings.Contains(out, errBroken.Error()) {
			t.Errorf("%s: %d\n%s", name, status, out)
		}
		for _, secret := range []string{simulator.DefaultPassword, simulator.DefaultSecret, "bcce3ea6"} {
			if strings.Contains(out, secret) {
				t.Errorf("%s: a secret is printed:\n%s", name, out)
			}
		}
	}
}

func TestASimulatorWithoutAFaultPasses(t *testing.T) {
	installed(t)
	if status, out := brief(t, simulated(t, simulator.Options{}), "-lives", "5"); status != 0 || !strings.Contains(out, "lifecycle: 5 lives") {
		t.Errorf("%d\n%s", status, out)
	}
}

func TestAServerThatDoesNotAnswerHasNotBrokenTheContract(t *testing.T) {
	installed(t)
	status, out := brief(t, simulated(t, simulator.Options{}), "-lives", "0", "-fault", `{"on": ["logout"], "kind": "drop"}`)
	if status != 2 || !strings.Contains(out, "requests got no answer") {
		t.Errorf("%d\n%s", status, out)
	}
}

// A server that is not known to be a simulator is spared: the platform counts no strike and changes no password.
func TestAServerThatIsNoSimulatorIsSpared(t *testing.T) {
	installed(t)
	s, err := simulator.New(simulator.Options{NoControl: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	status, out := brief(t, server.URL+simulator.Base)
	if status != 0 || !strings.Contains(out, "not a simulator") {
		t.Errorf("%d\n%s", status, out)
	}
	c := s.Platform().Counters()
	if c.MaxStrikes != 0 || c.Resets != 0 || c.LoginsAccepted == 0 || c.LoginsRefused == 0 {
		t.Errorf("%+v", c)
	}
}

func TestAPublicHostIsNotEvenAsked(t *testing.T) {
	installed(t)
	status, out := brief(t, "https://192.0.2.1/api")
	if status != 2 || !strings.Contains(out, errPublic.Error()) {
		t.Errorf("%d %s", status, out)
	}
}

func TestAnotherServerNeedsCredentials(t *testing.T) {
	installed(t)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	var out bytes.Buffer
	if status := run(t.Context(), []string{"-root", root, "-base-url", server.URL}, func(string) string { return "" }, &out, &out); status != 2 || !strings.Contains(out.String(), "THINGSPACE_APP_KEY") {
		t.Errorf("%d %s", status, &out)
	}
}
