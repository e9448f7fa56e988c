package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// buildCommand builds the command thingspace and returns where it is.
func buildCommand(ctx context.Context) (string, error) {
	if err := os.MkdirAll(buildDir, 0o755); err != nil { //nolint:gosec // G301: build outputs
		return "", err
	}
	program := absolute(filepath.Join(buildDir, "thingspace"))
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/thingspace") //nolint:gosec // G204: a path of our own
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the command: %w\n%s", err, out)
	}
	return program, nil
}

// served is a running "thingspace simulate" or "thingspace proxy".
type served struct {
	variables []string // NAME=VALUE, as it printed them
	process   *exec.Cmd
	errors    safeBuffer
}

// serve starts the command. Once it has printed its variables it listens, so nobody has to wait longer.
func serve(ctx context.Context, program string, environment []string, last string, args ...string) (*served, error) {
	s := &served{process: exec.CommandContext(ctx, program, args...)} //nolint:gosec // G204: built by buildCommand
	s.process.Env = append(os.Environ(), environment...)
	s.process.Stderr = &s.errors
	s.process.Cancel = func() error { return s.process.Process.Signal(os.Interrupt) }
	s.process.WaitDelay = 5 * time.Second
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		s.variables = append(s.variables, name+"="+strings.Trim(value, "'"))
		if name == last {
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("thingspace %s did not begin: %s", args[0], strings.TrimSpace(s.errors.String()))
}

func (s *served) variable(name string) string {
	for _, v := range s.variables {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

func (s *served) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

// simulate starts a simulator of its own for a language.
func simulate(ctx context.Context, program string) (*served, *control, error) {
	s, err := serve(ctx, program, nil, "THINGSPACE_PASSWORD", "simulate", "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	base, ok := strings.CutSuffix(s.variable("THINGSPACE_BASE_URL"), "/api")
	if !ok {
		s.stop()
		return nil, nil, errors.New("thingspace simulate printed no base URL that ends with /api")
	}
	return s, &control{base: base + "/_control"}, nil
}

// safeBuffer collects what a process writes while others may read.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
