//go:build unix

package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"iot.internal/thingspace/internal/redistest"
)

// TestScriptsOverRedis has a Redis server beside the platform: $REDIS is its URL, $REDIS_ADDR host and
// port. Its password is $REDIS_PASSWORD.
func TestScriptsOverRedis(t *testing.T) {
	const password = "hunter2"
	server := redistest.Start(t, append([]string{"requirepass", password}, redistest.Safe...)...)
	careless := redistest.Start(t, redistest.Forgetful...)
	replica := redistest.Start(t, append([]string{"replicaof", "127.0.0.1 1"}, redistest.Safe...)...)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/redis",
		Setup: func(env *testscript.Env) error {
			b := newBench()
			env.Defer(b.close)
			env.Values[benchKey{}] = b
			env.Vars = append(env.Vars, b.environment(filepath.Join(env.WorkDir, "state"))...)
			env.Vars = append(env.Vars, "REDIS="+server.URL(), "REDIS_ADDR="+server.Addr(), "REDIS_PASSWORD="+password,
				"CARELESS="+careless.URL(), "REPLICA="+replica.URL())
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				exits(ts, neg, args)
				if strings.Contains(ts.ReadFile("stderr")+ts.ReadFile("stdout"), password) {
					ts.Fatalf("the store's password is printed")
				}
			},
			"platform": control, "counters": compareCounters,
		},
		RequireExplicitExec: true,
	})
}
