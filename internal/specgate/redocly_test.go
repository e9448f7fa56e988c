package specgate

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyThePinnedRedoclyJudges(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("Node.js is not installed, so Redocly is missing whatever its version; in CI this is a failure")
	}
	module := t.TempDir()
	if _, err := NewRedocly(module); !errors.Is(err, ErrNoRedocly) {
		t.Errorf("not installed: %v", err)
	}
	write := func(name, content string) {
		t.Helper()
		file := filepath.Join(module, "api", "lint", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package.json", `{"devDependencies": {"@redocly/cli": "2.77.0"}}`)
	write("node_modules/.bin/redocly", "")
	write("node_modules/@redocly/cli/package.json", `{"version": "2.77.0"}`)
	if _, err := NewRedocly(module); err != nil {
		t.Errorf("the pinned version: %v", err)
	}
	write("node_modules/@redocly/cli/package.json", `{"version": "2.76.0"}`)
	if _, err := NewRedocly(module); err == nil || errors.Is(err, ErrNoRedocly) || !strings.Contains(err.Error(), "2.76.0") {
		t.Errorf("another version: %v", err)
	}
}
