package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is the root of the repository.
const root = "../../.."

// built is the command under test, built once.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "thingspace")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./cmd/thingspace")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// scratch is removed when all tests are over.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "reference-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// needs stops a test that something is missing for: in CI it fails.
func needs(t *testing.T, what, how string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: %s", what, how)
	}
	t.Skipf("%s is missing, so the page is not tried in a browser: %s", what, how)
}

// chromium is the path of a browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
	if _, err := os.Stat(mac); err == nil {
		return mac
	}
	needs(t, "Chromium", "on Debian and Ubuntu, apt-get install --no-install-recommends chromium; on macOS, brew install --cask chromium")
	return ""
}

// simulate starts "thingspace simulate" and returns its origin.
func simulate(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "simulate", "--listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	origin := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "export THINGSPACE_BASE_URL="); found {
			origin = strings.TrimSuffix(strings.Trim(value, "'"), "/api")
		}
		if strings.HasPrefix(lines.Text(), "export THINGSPACE_PASSWORD=") {
			break
		}
	}
	if origin == "" {
		t.Fatal("the simulator did not say where it listens")
	}
	return origin
}

// site writes the static page, as make docs does, and returns its directory.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./internal/reference/write", "-o", dir)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}
