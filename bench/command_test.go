package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// The command from its start to its end, against a platform on this machine: a process of its own for
// each run, with an empty store (cold) or one in which another run has left a session (warm).
func TestTableCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command and starts it a hundred times")
	}
	command := filepath.Join(t.TempDir(), "thingspace")
	run(t, "..", "go", "build", "-trimpath", "-o", command, "./cmd/thingspace")
	e := newLoopback(t, "http1")
	out := newTable("The command from start to end, 20 runs", "command", "store", "median, ms", "fastest, ms", "OAuth2 requests a run", "logins a run")
	shared := t.TempDir()
	path := "/m2m/v1/accounts/" + e.platform.Account()
	for _, c := range []struct {
		name   string
		args   []string
		warm   bool
		oauth  int
		logins int
	}{
		{name: "version", args: []string{"version"}},
		{name: "token", args: []string{"token"}, oauth: 1, logins: 1},
		{name: "token", args: []string{"token"}, warm: true},
		{name: "call GET", args: []string{"call", "GET", path}, oauth: 1, logins: 1},
		{name: "call GET", args: []string{"call", "GET", path}, warm: true},
	} {
		const runs = 20
		state := "cold"
		if c.args[0] == "version" {
			state = ""
		}
		if c.warm {
			state = "warm"
			invoke(t, e.platform, command, shared, c.args)
		}
		before := e.platform.Counters()
		took := make([]time.Duration, runs)
		for i := range took {
			store := shared
			if !c.warm {
				store = t.TempDir()
			}
			took[i] = invoke(t, e.platform, command, store, c.args)
		}
		slices.Sort(took)
		n := e.platform.Counters()
		oauth, logins := n.OAuth-before.OAuth, n.Logins-before.Logins
		out.add(c.name, state, milliseconds(took[runs/2]), milliseconds(took[0]), float64(oauth)/runs, float64(logins)/runs)
		if oauth != c.oauth*runs || logins != c.logins*runs || n.Requests-before.Requests != oauth+logins {
			t.Errorf("%s, %s: beside the call itself %d requests in %d runs, %d of them OAuth2 and %d logins; want %d and %d a run",
				c.name, state, n.Requests-before.Requests, runs, oauth, logins, c.oauth, c.logins)
		}
	}
	out.print(t)
}

// invoke starts the command and returns after how long it ended.
func invoke(t *testing.T, p *sessiontest.Server, command, store string, args []string) time.Duration {
	t.Helper()
	cfg := p.Config()
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Dir = store
	cmd.Env = append(os.Environ(),
		"THINGSPACE_BASE_URL="+cfg.BaseURL, "THINGSPACE_APP_KEY="+cfg.Application.Key, "THINGSPACE_APP_SECRET="+cfg.Application.Secret.Reveal(),
		"THINGSPACE_USERNAME="+p.Username(), "THINGSPACE_PASSWORD="+p.Password(), "THINGSPACE_STORE=file:"+store)
	began := time.Now()
	output, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, output)
	}
	return took
}
