package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// oasdiffModule is run by its version and stays out of go.mod, whose requirements importers would inherit.
const oasdiffModule = "github.com/oasdiff/oasdiff@v1.36.0"

// oasdiff is the tool that knows what a change of an OpenAPI document does to clients and servers.
type oasdiff struct{ dir string }

// installOasdiff builds it into a directory, which is also where it runs: it would read a configuration of its own from the
// current one.
func installOasdiff(ctx context.Context, dir string) (oasdiff, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return oasdiff{}, err
	}
	cmd := exec.CommandContext(ctx, "go", "install", oasdiffModule)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return oasdiff{}, fmt.Errorf("oasdiff cannot be had: go install %s: %w: %s", oasdiffModule, err, bytes.TrimSpace(out))
	}
	return oasdiff{dir}, nil
}

func (o oasdiff) run(ctx context.Context, into any, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(o.dir, "oasdiff"), args...) //nolint:gosec // G204: the tool was built here
	cmd.Dir = o.dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "OASDIFF_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("oasdiff %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		return fmt.Errorf("oasdiff %s: unreadable report: %w", args[0], err)
	}
	return nil
}

// finding is one change, as oasdiff tells it.
type finding struct {
	ID        string `json:"id"`
	Text      string `json:"text"`
	Level     int    `json:"level"` // 1: information, 2: warning, 3: error
	Operation string `json:"operation"`
	Path      string `json:"path"`
}

func (f finding) String() string {
	where := strings.TrimSpace(f.Operation + " " + f.Path)
	if where == "" {
		where = "document"
	}
	return fmt.Sprintf("%s: %s [%s]", where, f.Text, f.ID)
}

// compare returns what changed from one document to another, and whether they differ in anything but words.
func (o oasdiff) compare(ctx context.Context, before, after string) (found []finding, differ bool, err error) {
	if before, err = filepath.Abs(before); err != nil {
		return nil, false, err
	}
	if after, err = filepath.Abs(after); err != nil {
		return nil, false, err
	}
	if err := o.run(ctx, &found, "changelog", "--format", "json", "--allow-external-refs=false", before, after); err != nil {
		return nil, false, err
	}
	var difference map[string]any
	if err := o.run(ctx, &difference, "diff", "--format", "json", "--allow-external-refs=false",
		"--exclude-elements", "description,examples,summary,title", before, after); err != nil {
		return nil, false, err
	}
	return found, len(withoutWords(difference)) != 0, nil
}

// withoutWords takes from a difference what concerns readers only.
func withoutWords(difference map[string]any) map[string]any {
	delete(difference, "info")
	delete(difference, "externalDocs")
	for key, value := range difference {
		inner, ok := value.(map[string]any)
		if !ok {
			continue
		}
		if len(withoutWords(inner)) == 0 {
			delete(difference, key)
		}
	}
	return difference
}

var errNoWords = errors.New("oasdiff sees a difference and has no word for it; it counts as breaking")
