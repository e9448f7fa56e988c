// Package importcost proves what importing this module costs another service: no further module, and
// little in its binary.
package importcost

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// budget is what importing session may add to a binary that talks to a JSON API already, with net/http and
// encoding/json.
const budget = 700 << 10

const plainMain = `package main

import (
	"fmt"
	"net/http"
)

func main() {
	resp, err := http.Get("https://example.invalid")
	fmt.Println(resp, err)
}
`

const jsonMain = `package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

func main() {
	var account struct{ Name string }
	resp, err := http.Get("https://example.invalid")
	fmt.Println(resp, err, json.NewDecoder(resp.Body).Decode(&account))
}
`

const sessionMain = `package main

import (
	"context"
	"fmt"
	"net/http"

	"%[1]s/session"
)

func main() {
	resp, err := http.Get("https://example.invalid")
	fmt.Println(resp, err)
	client, err := session.New(session.Config{Store: session.NewMemoryStore(), Credentials: session.StaticCredentials("u", "p")})
	if err != nil {
		panic(err)
	}
	_, err = client.HTTPClient().Get(session.Production)
	_, rotated := client.ResetPassword(context.Background())
	fmt.Println(err, rotated, client.Logout(context.Background()), client.Close())
}
`

const sessionTest = `package main

import (
	"testing"

	"%[1]s/session/sessiontest"
)

func TestAgainstThePlatform(t *testing.T) {
	platform := sessiontest.New(t)
	if _, err := platform.Client(t).Token(t.Context()); err != nil {
		t.Fatal(err)
	}
}
`

func TestImportingSessionAddsNoModuleAndLittleToTheBinary(t *testing.T) {
	plain, _ := consumer(t, map[string]string{"main.go": plainMain}, false)
	withJSON, _ := consumer(t, map[string]string{"main.go": jsonMain}, false)
	with, dir := consumer(t, map[string]string{"main.go": fmt.Sprintf(sessionMain, modulePath(t))}, true)
	onlyThisModule(t, dir)
	t.Logf("stripped binary: net/http %d bytes, with encoding/json %d, with session %d: %d more than the first, %d more than the second",
		plain, withJSON, with, with-plain, with-withJSON)
	if with-withJSON > budget {
		t.Errorf("importing session adds %d bytes to a binary, more than %d", with-withJSON, budget)
	}
}

func TestImportingSessiontestInTestsAddsNoModule(t *testing.T) {
	_, dir := consumer(t, map[string]string{
		"main.go":      fmt.Sprintf(sessionMain, modulePath(t)),
		"main_test.go": fmt.Sprintf(sessionTest, modulePath(t)),
	}, true)
	onlyThisModule(t, dir)
	run(t, dir, "go", "test", "./...")
}

func modulePath(t *testing.T) string {
	return strings.TrimSpace(run(t, ".", "go", "list", "-m"))
}

// consumer makes a module that imports this one, tidies and builds it, and returns the binary's size.
func consumer(t *testing.T, files map[string]string, imports bool) (int64, string) {
	dir := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	mod := "module example.com/consumer\n\ngo 1.26.0\n"
	if imports {
		path := modulePath(t)
		mod += fmt.Sprintf("\nrequire %[1]s v0.0.0\n\nreplace %[1]s => %[2]s\n", path, root)
	}
	files["go.mod"] = mod
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "consumer", ".")
	info, err := os.Stat(filepath.Join(dir, "consumer"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size(), dir
}

// onlyThisModule checks that the consumer requires this module and nothing else.
func onlyThisModule(t *testing.T, dir string) {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(mod), " v"); n != 1 {
		t.Errorf("the consumer's go.mod names %d modules, want this one alone:\n%s", n, mod)
	}
	if sum, err := os.ReadFile(filepath.Join(dir, "go.sum")); err == nil && len(sum) > 0 {
		t.Errorf("the consumer's go.sum is not empty:\n%s", sum)
	}
	for _, pkg := range strings.Fields(run(t, dir, "go", "list", "-deps", "-test", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...")) {
		pkg = strings.Trim(pkg, "[]") // "p [q.test]" is p as built for q's tests
		if !strings.HasPrefix(pkg, "example.com/consumer") && !strings.HasPrefix(pkg, modulePath(t)) {
			t.Errorf("the consumer is linked with %s", pkg)
		}
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
