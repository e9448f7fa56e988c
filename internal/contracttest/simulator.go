package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// simulating is a "thingspace simulate" process.
type simulating struct {
	base    string
	account account
	process *exec.Cmd
	dir     string
}

// startSimulator builds the command and has it simulate. It ends with the context.
func startSimulator(ctx context.Context, root string) (*simulating, error) {
	dir, err := os.MkdirTemp("", "contracttest")
	if err != nil {
		return nil, err
	}
	s := &simulating{dir: dir}
	if err := s.start(ctx, root); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *simulating) start(ctx context.Context, root string) error {
	program := filepath.Join(s.dir, "thingspace")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/thingspace") //nolint:gosec // G204: into a directory of our own
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the command cannot be built: %w: %s", err, bytes.TrimSpace(out))
	}
	s.process = exec.CommandContext(ctx, program, "simulate", "--listen", "127.0.0.1:0") //nolint:gosec // G204: built above
	s.process.Cancel = func() error { return s.process.Process.Signal(os.Interrupt) }
	s.process.WaitDelay = 5 * time.Second
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	told := make(map[string]string)
	for lines := bufio.NewScanner(stdout); told["THINGSPACE_PASSWORD"] == "" && lines.Scan(); { // the last one
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		told[name] = strings.Trim(value, "'")
	}
	s.base = told["THINGSPACE_BASE_URL"]
	s.account = accountFrom(func(name string) string { return told[name] })
	if s.base == "" || s.account.incomplete() {
		return fmt.Errorf("the simulator did not say how to use it: it printed %d variables", len(told))
	}
	return nil
}

func (s *simulating) stop() {
	if s.process != nil && s.process.Process != nil {
		_ = s.process.Process.Signal(os.Interrupt)
		_ = s.process.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
