package specgate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Redocly runs the linter that api/lint pins.
type Redocly struct {
	command string
	config  string
}

// ErrNoRedocly says that Redocly is not installed.
var ErrNoRedocly = errors.New("redocly is not installed: it needs Node.js and `npm ci --prefix api/lint`")

// NewRedocly finds Redocly in the module whose root directory is given. The error wraps [ErrNoRedocly] if it is absent;
// another version than the pinned one is an error of its own.
func NewRedocly(root string) (*Redocly, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fmt.Errorf("%w (no node in PATH)", ErrNoRedocly)
	}
	dir, err := filepath.Abs(filepath.Join(root, "api", "lint"))
	if err != nil {
		return nil, err
	}
	command := filepath.Join(dir, "node_modules", ".bin", "redocly")
	if _, err := os.Stat(command); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoRedocly, err)
	}
	pinned, err := pinnedVersion(dir)
	if err != nil {
		return nil, err
	}
	installed, err := installedVersion(dir)
	if err != nil {
		return nil, err
	}
	if installed != pinned {
		return nil, fmt.Errorf("redocly %s is installed and %s is pinned: run `npm ci --prefix api/lint`", installed, pinned)
	}
	return &Redocly{command: command, config: filepath.Join(dir, "redocly.yaml")}, nil
}

func pinnedVersion(dir string) (string, error) {
	var manifest struct {
		DevDependencies map[string]string `json:"devDependencies"`
	}
	err := readJSON(filepath.Join(dir, "package.json"), &manifest)
	return manifest.DevDependencies["@redocly/cli"], err
}

func installedVersion(dir string) (string, error) {
	var manifest struct {
		Version string `json:"version"`
	}
	err := readJSON(filepath.Join(dir, "node_modules", "@redocly", "cli", "package.json"), &manifest)
	return manifest.Version, err
}

func readJSON(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// lint judges all files in one run. Their base names must differ. A warning is a problem too.
func (r *Redocly) lint(ctx context.Context, files []string) (map[string][]Problem, error) {
	byName := make(map[string]string, len(files))
	for _, file := range files {
		byName[filepath.Base(file)] = file
	}
	if len(byName) != len(files) {
		return nil, errors.New("redocly: two files have the same name")
	}

	args := append([]string{"lint", "--config", r.config, "--lint-config", "error", "--format", "json", "--max-problems", "1000"}, files...)
	cmd := exec.CommandContext(ctx, r.command, args...) //nolint:gosec // G204: the command is the one that api/lint pins
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// The exit status says no more than that there are problems; a run that broke off has reported too few documents.
	runErr := cmd.Run()

	found := make(map[string][]Problem)
	reports := 0
	for decoder := json.NewDecoder(&stdout); ; reports++ {
		var report redoclyReport
		err := decoder.Decode(&report)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("redocly: unreadable report (%w): %s", err, lastParagraph(stderr.String()))
		}
		for _, p := range report.Problems {
			name, problem, err := p.problem()
			if err != nil {
				return nil, err
			}
			file, ok := byName[name]
			if !ok {
				return nil, fmt.Errorf("redocly: a problem in %q, which was not asked about: %s", name, problem)
			}
			found[file] = append(found[file], problem)
		}
	}
	if reports != len(files) {
		return nil, fmt.Errorf("redocly: %d reports on %d files (%v): %s", reports, len(files), runErr, lastParagraph(stderr.String()))
	}
	if runErr != nil && len(found) == 0 {
		return nil, fmt.Errorf("redocly: %w: %s", runErr, lastParagraph(stderr.String()))
	}
	return found, nil
}

type redoclyReport struct {
	Problems []redoclyProblem `json:"problems"`
}

type redoclyProblem struct {
	RuleID   string `json:"ruleId"`
	Message  string `json:"message"`
	Location []struct {
		Source struct {
			Ref string `json:"ref"`
		} `json:"source"`
		Pointer string `json:"pointer"`
		Start   struct {
			Line int `json:"line"`
			Col  int `json:"col"`
		} `json:"start"`
	} `json:"location"`
}

func (p redoclyProblem) problem() (name string, problem Problem, err error) {
	if len(p.Location) == 0 {
		return "", Problem{}, fmt.Errorf("redocly: %s without a location: %s", p.RuleID, p.Message)
	}
	at := p.Location[0]
	where := fmt.Sprintf("%d:%d", at.Start.Line, at.Start.Col)
	if at.Pointer != "" {
		where += " " + at.Pointer
	}
	return filepath.Base(at.Source.Ref), Problem{Rule: "redocly:" + p.RuleID, Where: where, Message: firstLine(p.Message)}, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func lastParagraph(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndex(s, "\n\n")+1:])
}
