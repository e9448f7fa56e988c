package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	errBroken  = errors.New("the server broke the contract")
	errNoSuite = errors.New("schemathesis is not installed: make contract-test-deps, which needs python3 with venv, 3.11 or later")
)

// suite is the part in Python: what generates requests and judges answers.
type suite struct {
	root                  string
	examples, lives, seed int
	shrink                bool
	stdout                io.Writer

	dir, bin string
}

// find looks for what `make contract-test-deps` installs.
func (s *suite) find() error {
	dir, err := filepath.Abs(filepath.Join(s.root, "internal", "contracttest"))
	if err != nil {
		return err
	}
	s.dir, s.bin = filepath.Join(dir, "suite"), filepath.Join(dir, ".venv", "bin")
	if _, err := os.Stat(filepath.Join(s.bin, "schemathesis")); err != nil {
		return fmt.Errorf("%w (%w)", errNoSuite, err)
	}
	return nil
}

// hold holds the target against the contract.
func (s *suite) hold(ctx context.Context, t *target, a account) error {
	t.look(ctx)
	relay, err := startRelay(ctx, t, a)
	if err != nil {
		return err
	}
	defer relay.stop()
	what := "a simulator: everything is tried"
	if !t.simulator {
		what = "not a simulator: no password reset, and no login that could be a strike"
	}
	_, _ = fmt.Fprintf(s.stdout, "contracttest: %s is %s\n", t.base.Redacted(), what)

	scratch, err := os.MkdirTemp("", "contracttest")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	env := append(s.environment(scratch), a.environ()...)
	env = append(env, "CONTRACT_TEST_URL="+relay.url, "CONTRACT_TEST_BASE="+t.base.Path, "CONTRACT_TEST_NOBODY="+nobody)
	if t.simulator {
		env = append(env, "CONTRACT_TEST_CONTROL=yes")
	}
	spec, err := filepath.Abs(filepath.Join(s.root, "api", "openapi.yaml"))
	if err != nil {
		return err
	}

	began := time.Now()
	broken := false
	for _, args := range s.commands(spec, relay.url+t.base.Path, t.simulator) {
		cmd := exec.CommandContext(ctx, filepath.Join(s.bin, args[0]), args[1:]...) //nolint:gosec // G204: what the requirements pin
		cmd.Dir, cmd.Env = scratch, env
		if args[0] == "schemathesis" {
			cmd.Env = append(slices.Clone(env), "SCHEMATHESIS_HOOKS=hooks") // which would interfere with the lives
		}
		out := newRedactor(s.stdout, a)
		cmd.Stdout, cmd.Stderr = out, out
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		err := errors.Join(cmd.Run(), out.flush())
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("the suite was interrupted: %w", context.Cause(ctx))
		case errors.As(err, &exit) && exit.ExitCode() == 1:
			broken = true
		case err != nil:
			return fmt.Errorf("%s: %w", args[0], err)
		}
	}
	_, _ = fmt.Fprintf(s.stdout, "contracttest: %d logins were sent in %s\n", relay.logins.Load(), time.Since(began).Round(time.Second))
	if n := relay.withheld.Load(); n != 0 {
		return fmt.Errorf("%d requests were withheld by the relay, so the result says nothing: the suite must not make them", n)
	}
	if n := relay.unheard.Load(); n != 0 {
		return fmt.Errorf("%d requests got no answer from the server, so the result says nothing", n)
	}
	if broken {
		return errBroken
	}
	return nil
}

// commands are the programs that make up the suite.
func (s *suite) commands(spec, base string, simulator bool) [][]string {
	fuzz := []string{
		"schemathesis", "--config-file", filepath.Join(s.dir, "schemathesis.toml"), "--no-color", "run", spec, "--url", base,
		"--max-examples", strconv.Itoa(s.examples), "--seed", strconv.Itoa(s.seed), "--generation-database", "none",
	}
	lives := []string{"python", filepath.Join(s.dir, "lifecycle.py"), spec, strconv.Itoa(s.lives), strconv.Itoa(s.seed)}
	if !s.shrink {
		fuzz, lives = append(fuzz, "--no-shrink"), append(lives, "--no-shrink")
	}
	if !simulator {
		// The relay would withhold it; without the lives, which need the control path, this is what remains.
		return [][]string{append(fuzz, "--exclude-operation-id", "resetConnectivityManagementPassword")}
	}
	if s.lives == 0 {
		return [][]string{fuzz}
	}
	return [][]string{fuzz, lives}
}

// environment is what the programs need of ours: no proxy, which would see the credentials, and no other settings.
func (s *suite) environment(scratch string) []string {
	env := []string{"HOME=" + scratch, "NO_PROXY=*", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=" + s.dir}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT":
			env = append(env, variable)
		}
	}
	return env
}
