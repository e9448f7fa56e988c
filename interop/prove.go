package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// result is what came out for a language.
type result struct {
	language language
	version  string // of the generator
	compiler string
	build    spent
	running  spent
	err      error
}

// spent is what something took, on the clock and of all processors.
type spent struct{ wall, cpu time.Duration }

// prove builds a language's programs and runs them, each against a simulator that was set back.
func (l language) prove(ctx context.Context, command string) result {
	l.cpu = new(time.Duration)
	r := result{language: l}
	r.err = func() (err error) {
		if r.version, err = l.version(); err != nil {
			return err
		}
		began := time.Now()
		for _, step := range l.build {
			if _, err := l.run(ctx, step, nil); err != nil {
				return err
			}
		}
		r.build = spent{time.Since(began), *l.cpu}
		if r.compiler, err = l.compilerVersion(ctx); err != nil {
			return err
		}
		began = time.Now()
		*l.cpu = 0
		defer func() { r.running = spent{time.Since(began), *l.cpu} }()
		return l.runAll(ctx, command)
	}()
	if r.err == nil {
		fmt.Printf("interop: %s: %s; first-call, through-proxy\n", l.name, strings.Join(steps, ", "))
	}
	return r
}

func (l language) runAll(ctx context.Context, command string) (err error) {
	simulator, control, err := simulate(ctx, command)
	if err != nil {
		return err
	}
	defer simulator.stop()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, simulator.errors.String())
		}
	}()
	if err := control.prepare(ctx); err != nil {
		return err
	}
	output, err := l.run(ctx, l.interop, simulator.variables)
	if err != nil {
		return err
	}
	seen, err := control.journal(ctx)
	if err != nil {
		return err
	}
	counted, err := control.state(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(verifySteps(output, seen, counted), l.verifySilence(output, simulator)); err != nil {
		return fmt.Errorf("the program's output was:\n%s%w", output, err)
	}
	return l.runExamples(ctx, command, simulator, control)
}

func (l language) runExamples(ctx context.Context, command string, simulator *served, control *control) error {
	if err := control.ask(ctx, "POST", "/reset", "", nil); err != nil {
		return err
	}
	if err := l.runExample(ctx, l.firstCall, simulator, simulator.variables); err != nil {
		return err
	}
	proxy, err := serve(ctx, command, append(simulator.variables, "THINGSPACE_STORE=memory"), "THINGSPACE_PROXY_URL", "proxy", "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer proxy.stop()
	// A service behind the proxy is given nothing but its address.
	if err := l.runExample(ctx, l.throughProxy, simulator, proxy.variables); err != nil {
		return fmt.Errorf("%w\n%s", err, proxy.errors.String())
	}
	return nil
}

func (l language) runExample(ctx context.Context, e example, simulator *served, environment []string) error {
	output, err := l.run(ctx, e.run, environment)
	if err != nil {
		return err
	}
	if err := errors.Join(verifyExample(output), l.verifySilence(output, simulator)); err != nil {
		return fmt.Errorf("%s: %w:\n%s", e.file, err, output)
	}
	return nil
}

func (l language) verifySilence(output string, simulator *served) error {
	return verifySilence(output, simulator.variable("THINGSPACE_APP_SECRET"), simulator.variable("THINGSPACE_PASSWORD"))
}

// tryStart runs the first lines of the page as a person would, in a directory of their own.
func tryStart(ctx context.Context, command string) error {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	shell := exec.CommandContext(ctx, "bash", "-euc", `trap 'kill $(jobs -p)' EXIT; . "$1"`, "bash", absolute(startFile)) //nolint:gosec // G204: a file of the repository
	shell.Dir = dir
	shell.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "PATH="+filepath.Dir(command)+string(os.PathListSeparator)+os.Getenv("PATH"))
	shell.WaitDelay = 10 * time.Second
	output, err := shell.CombinedOutput()
	if err := errors.Join(err, verifyExample(string(output))); err != nil {
		return fmt.Errorf("%s: %w\n%s", startFile, err, output)
	}
	return nil
}

// run runs a command in the language's directory and returns what it printed. A program is found there
// first. The variables of a person's own ThingSpace never get in.
func (l language) run(ctx context.Context, command, environment []string) (string, error) {
	dir := absolute(filepath.Join("interop", l.name))
	program := command[0]
	if strings.Contains(program, "/") {
		program = filepath.Join(dir, program)
	}
	cmd := exec.CommandContext(ctx, program, command[1:]...) //nolint:gosec // G204: from the table of languages
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "THINGSPACE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, l.environment...), environment...)
	output, err := cmd.CombinedOutput()
	if l.cpu != nil && cmd.ProcessState != nil {
		*l.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, output)
	}
	return string(output), nil
}
