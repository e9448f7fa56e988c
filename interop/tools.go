package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// missing says which of a language's tools is not there.
func (l language) missing() error {
	for _, t := range l.needs {
		if _, err := exec.LookPath(t.command); err != nil {
			return fmt.Errorf("%s needs %s, which is not installed: %s", l.name, t.command, t.install)
		}
	}
	return nil
}

// compilerVersion is the first line that the compiler says of itself.
func (l language) compilerVersion(ctx context.Context) (string, error) {
	out, err := l.run(ctx, l.compiler, nil)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	line, _, _ = strings.Cut(line, " (")
	return line, nil
}

// packageVersion reads the version of an npm package from package.json.
func packageVersion(name string) func() (string, error) {
	return func() (string, error) {
		file := filepath.Join("interop", "typescript", "package.json")
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		var manifest struct {
			DevDependencies map[string]string `json:"devDependencies"`
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		return manifest.DevDependencies[name], nil
	}
}
