package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"iot.internal/thingspace/internal/platform"
)

type benchKey struct{}

// TestScripts runs the real command against a platform on a loopback socket, one of its own for each
// script. Beside testscript's commands there are
//
//	exits STATUS COMMAND…       run a command that must end with that status; if it is not 0, standard
//	                            error must be one line; standard error never holds a secret
//	platform ACTION [ARGUMENT]  expire-sessions, expire-bearers, lock, unlock, set-password PASSWORD,
//	                            clear-faults
//	fault ENDPOINT KIND [STATUS] make one request to the endpoint go wrong
//	counters NAME=VALUE…        compare with the platform's counters
//	long FILE                   write more than a call keeps of a pipe
//	credentials FILE PASSWORD   write a credentials file, mode 600
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			b := newBench()
			env.Defer(b.close)
			env.Values[benchKey{}] = b
			env.Vars = append(env.Vars, b.environment(filepath.Join(env.WorkDir, "state"))...)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "platform": control, "fault": injectFault, "counters": compareCounters, "credentials": writeCredentials,
			"long": writeLong,
		},
		RequireExplicitExec: true,
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	err = ts.Exec(args[1], args[2:]...)
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	stderr := ts.ReadFile("stderr")
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	if failed := got != 0; failed && (strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "thingspace: ")) && !strings.Contains(ts.Getenv("NOTICES"), "yes") {
		ts.Fatalf("a failure is one line, not %q", stderr)
	}
	b := ts.Value(benchKey{}).(*bench)
	for _, secret := range []string{testPass, testSecret, b.platform.Password(testUser)} {
		if strings.Contains(stderr, secret) {
			ts.Fatalf("standard error holds a secret: %q", stderr)
		}
	}
}

func control(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value(benchKey{}).(*bench).platform
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: platform ACTION [ARGUMENT]")
	case args[0] == "expire-sessions":
		p.ExpireSessions()
	case args[0] == "expire-bearers":
		p.ExpireBearers()
	case args[0] == "lock":
		p.Lock(testUser)
	case args[0] == "unlock":
		p.Unlock(testUser)
	case args[0] == "set-password" && len(args) == 2:
		p.SetPassword(testUser, args[1])
	case args[0] == "clear-faults":
		p.ClearFaults()
	default:
		ts.Fatalf("unknown action %q", args)
	}
}

func injectFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fault ENDPOINT KIND [acted] [STATUS] [location=…] [code=…] [retry-after=…]")
	}
	f := platform.Fault{On: []platform.Endpoint{platform.Endpoint(args[0])}, Kind: platform.Kind(args[1]), Times: 1}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "acted":
			f.Acted = true
		case "location":
			f.Location = value
		case "code":
			f.Code = value
		case "body":
			f.Body = platform.Body(value)
		case "retry-after":
			f.RetryAfter = value
		case "times":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			f.Times = n
		default:
			status, err := strconv.Atoi(arg)
			ts.Check(err)
			f.Status = status
		}
	}
	_, err := ts.Value(benchKey{}).(*bench).platform.Inject(f)
	ts.Check(err)
}

func compareCounters(ts *testscript.TestScript, neg bool, args []string) {
	counters := ts.Value(benchKey{}).(*bench).counters()
	for _, arg := range args {
		name, want, _ := strings.Cut(arg, "=")
		got, known := counters[name]
		if !known {
			ts.Fatalf("there is no counter %q", name)
		}
		if (fmt.Sprint(got) == want) == neg {
			ts.Fatalf("%s is %v, want %s; all: %v", name, got, want, counters)
		}
	}
}

// writeLong writes more than a call keeps of a pipe.
func writeLong(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: long FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte(" "), replayLimit+10), 0o600))
}

func writeCredentials(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: credentials FILE PASSWORD")
	}
	text := fmt.Sprintf("{\"username\": %q, \"password\": %q}\n", testUser, args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
