//go:build unix

package cli

import (
	"strings"
	"syscall"
	"testing"

	"iot.internal/thingspace/internal/platform"
)

// A process that dies in the middle of a login writes where its goroutines were, which ends up in logs.
func TestADyingProcessPrintsNoSecret(t *testing.T) {
	b := startBench(t)
	defer b.hold(platform.LoginPath, false)
	b.hold(platform.LoginPath, true)
	p := start(t, command(t, b, t.TempDir(), []string{"GOTRACEBACK=system"}, "login"))
	b.until(t, func(c platform.Counters) bool { return c.LoginsAccepted == 1 })
	p.signal(syscall.SIGABRT)
	_, trace := p.wait()
	if !strings.Contains(trace, "goroutine ") {
		t.Fatalf("no traceback: %q", trace)
	}
	for _, secret := range []string{testPass, testSecret, testKey} {
		if strings.Contains(trace+p.stdout.String(), secret) {
			t.Errorf("%s is in the traceback", secret)
		}
	}
}
