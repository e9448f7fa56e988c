package fleettest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// processes is how many of the real command run at a time of need, fifty at once.
const processes = 200

// commands is the command, built, and a fleet to run it in.
type commands struct {
	*fleet

	path string
	env  []string // the credentials
}

func newCommands(t *testing.T) *commands {
	t.Helper()
	c := &commands{fleet: newFleet(t), path: filepath.Join(t.TempDir(), "thingspace")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.path, "iot.internal/thingspace/cmd/thingspace").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return c
}

// password gives the command its credentials in variables.
func (c *commands) password(password string) {
	c.env = []string{"THINGSPACE_USERNAME=" + c.platform.Username(), "THINGSPACE_PASSWORD=" + password}
}

// file gives the command its credentials in a file that a reset may rewrite.
func (c *commands) file(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	text := fmt.Sprintf(`{"username": %q, "password": %q}`, c.platform.Username(), c.platform.Password())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env = []string{"THINGSPACE_CREDENTIALS_FILE=" + path}
}

// one runs the command once.
func (c *commands) one(args ...string) error {
	cmd := exec.Command(c.path, args...)
	cmd.Env = append(os.Environ(), "THINGSPACE_BASE_URL="+c.base, "THINGSPACE_STORE="+c.redis.URL(),
		"THINGSPACE_APP_KEY="+sessiontest.DefaultKey, "THINGSPACE_APP_SECRET="+sessiontest.DefaultSecret)
	cmd.Env = append(cmd.Env, c.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, stderr.String())
	}
	return nil
}

// all runs it two hundred times, and counts the failures.
func (c *commands) all(args ...string) (failed int, sample error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, 50)
	for range processes {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := c.one(args...); err != nil {
				mu.Lock()
				failed, sample = failed+1, err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed, sample
}

func TestTwoHundredProcessesOnOneRedisMakeOneLogin(t *testing.T) {
	c := newCommands(t)
	c.password(c.platform.Password())
	call := []string{"call", "/m2m/v1/accounts/" + c.platform.Account()}
	began := time.Now()
	failed, err := c.all(call...)
	n := c.platform.Counters()
	t.Logf("cold: %d processes, %d logins, %d bearers fetched, %d failed, %v", processes, n.Logins, n.OAuth, failed, time.Since(began).Round(time.Millisecond))
	if n.Logins != 1 || failed != 0 {
		t.Errorf("cold: %d logins, %d failed (%v); want 1, 0", n.Logins, failed, err)
	}

	began = time.Now()
	expired := c.when(func(now sessiontest.Counters) bool { return now.Resources >= n.Resources+processes/4 }, c.platform.ExpireSessions)
	failed, err = c.all(call...)
	expired()
	after := c.platform.Counters()
	t.Logf("expiry in mid-flight: %d logins, %d failed, %v", after.Logins-n.Logins, failed, time.Since(began).Round(time.Millisecond))
	if after.Logins-n.Logins != 1 || failed != 0 {
		t.Errorf("expiry in mid-flight: %d logins, %d failed (%v); want 1, 0", after.Logins-n.Logins, failed, err)
	}
}

func TestTwoHundredProcessesWithAWrongPasswordSpendOneStrike(t *testing.T) {
	c := newCommands(t)
	c.password("stale-password")
	failed, err := c.all("login")
	n := c.platform.Counters()
	t.Logf("wrong password: %d processes, %d logins, %d strikes", processes, n.Logins, n.MaxStrikes)
	if failed != processes || n.Logins != 1 || n.MaxStrikes != 1 {
		t.Errorf("%d failed (%v), %d logins, %d strikes; want %d, 1, 1", failed, err, n.Logins, n.MaxStrikes, processes)
	}
}

func TestARotationWhileTwoHundredProcessesWorkFailsNone(t *testing.T) {
	c := newCommands(t)
	c.platform.SetSwitches(func(s *sessiontest.Switches) { s.ResetEndsSessions = true })
	c.file(t)
	var reset error
	rotated := c.when(func(now sessiontest.Counters) bool { return now.Resources >= processes/4 }, func() { reset = c.one("password", "reset") })
	failed, err := c.all("call", "/m2m/v1/accounts/"+c.platform.Account())
	rotated()
	n := c.platform.Counters()
	t.Logf("rotation: %d processes, %d resets, %d logins, %d strikes, %d failed", processes, n.ResetsDone, n.Logins, n.MaxStrikes, failed)
	if failed != 0 || reset != nil || n.ResetsDone != 1 || n.MaxStrikes != 0 {
		t.Errorf("%d failed (%v), %d resets (%v), %d strikes; want 0, 1, 0", failed, err, n.ResetsDone, reset, n.MaxStrikes)
	}
}
