//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"iot.internal/thingspace/internal/platform"
)

// process is a running command whose standard error is read line by line.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr *bufio.Reader
}

// command prepares the command against a bench. extra overrides the environment.
func command(t *testing.T, b *bench, state string, extra []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("thingspace")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(b.environment(state), extra...)
	cmd.Env = append(cmd.Env, "GOCOVERDIR="+t.TempDir()) // with -cover the command would complain without one
	return cmd
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.stdout
	}
	if cmd.Stderr == nil {
		pipe, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		p.stderr = bufio.NewReader(pipe)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// line waits for a line of standard error.
func (p *process) line() string {
	p.t.Helper()
	line, err := p.stderr.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		p.t.Fatal(err)
	}
	return line
}

// wait returns the exit status and the rest of standard error.
func (p *process) wait() (status int, rest string) {
	p.t.Helper()
	if p.stderr != nil {
		text, err := io.ReadAll(p.stderr)
		if err != nil {
			p.t.Fatal(err)
		}
		rest = string(text)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); errors.As(err, &exit) {
		return exit.ExitCode(), rest
	} else if err != nil {
		p.t.Fatal(err)
	}
	return 0, rest
}

func startBench(t *testing.T) *bench {
	t.Helper()
	b := newBench()
	t.Cleanup(b.close)
	return b
}

// rotating is the environment of a command with a credentials file in a directory of its own.
func rotating(t *testing.T) (file string, env []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "credentials")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "thingspace.json")
	text := fmt.Sprintf(`{"username": %q, "password": %q}`, testUser, testPass)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, []string{"THINGSPACE_USERNAME=", "THINGSPACE_PASSWORD=", "THINGSPACE_CREDENTIALS_FILE=" + file}
}

func holds(t *testing.T, file, password string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), password)
}

func TestAnInterruptDuringAResetWaitsForTheAnswerAndSaysSo(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		b := startBench(t)
		file, env := rotating(t)
		b.hold(platform.ResetPath, true)
		p := start(t, command(t, b, t.TempDir(), env, "password", "reset"))
		b.until(t, func(c platform.Counters) bool { return c.ResetsDone == 1 })
		for range 2 {
			p.signal(signal)
			if l := p.line(); !strings.Contains(l, "a password reset is under way: waiting for its answer") {
				t.Fatalf("%s: %q", signal, l)
			}
		}
		b.hold(platform.ResetPath, false)
		if status, rest := p.wait(); status != 0 || rest != "" || !strings.Contains(p.stdout.String(), "saved in "+file) {
			t.Errorf("%s: %d %q %q", signal, status, rest, p.stdout.String())
		}
		if !holds(t, file, b.platform.Password(testUser)) {
			t.Errorf("%s: the new password is not in the file", signal)
		}
	}
}

func TestAResetSurvivesAStandardErrorThatNobodyReads(t *testing.T) {
	b := startBench(t)
	file, env := rotating(t)
	b.hold(platform.ResetPath, true)
	cmd := command(t, b, t.TempDir(), env, "password", "reset", "-v")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	cmd.Stderr = w
	p := start(t, cmd)
	_ = w.Close()
	b.until(t, func(c platform.Counters) bool { return c.ResetsDone == 1 })
	p.signal(syscall.SIGINT)
	b.hold(platform.ResetPath, false)
	if status, _ := p.wait(); status != 0 || !holds(t, file, b.platform.Password(testUser)) {
		t.Errorf("exit status %d, or the new password is not in the file", status)
	}
}

func TestAnInterruptDuringALoginWaitsForTheAnswerAndSaysSo(t *testing.T) {
	b := startBench(t)
	state := t.TempDir()
	b.hold(platform.LoginPath, true)
	p := start(t, command(t, b, state, nil, "login"))
	b.until(t, func(c platform.Counters) bool { return c.Logins == 1 })
	p.signal(syscall.SIGINT)
	if l := p.line(); !strings.Contains(l, "a login is under way: waiting for its answer") {
		t.Fatalf("%q", l)
	}
	b.hold(platform.LoginPath, false)
	if status, rest := p.wait(); status != 0 || !strings.HasPrefix(rest, "logged in") {
		t.Errorf("%d %q", status, rest)
	}
}

func TestACallInterruptedInItsLoginSendsNothingMoreAndKeepsTheSession(t *testing.T) {
	b := startBench(t)
	state := t.TempDir()
	b.hold(platform.LoginPath, true)
	p := start(t, command(t, b, state, nil, "call", "/m2m/v1/accounts/"+testAccount))
	b.until(t, func(c platform.Counters) bool { return c.Logins == 1 })
	p.signal(syscall.SIGTERM)
	if l := p.line(); !strings.Contains(l, "a login is under way") {
		t.Fatalf("%q", l)
	}
	b.hold(platform.LoginPath, false)
	if status, rest := p.wait(); status != exitFailed || rest != "thingspace: interrupted\n" {
		t.Errorf("%d %q", status, rest)
	}
	if c := b.platform.Counters(); c.Resources != 0 {
		t.Errorf("%d requests after the interrupt", c.Resources)
	}
	if status, rest := start(t, command(t, b, state, nil, "call", "/m2m/v1/accounts/"+testAccount)).wait(); status != 0 {
		t.Errorf("%d %q", status, rest)
	}
	if c := b.platform.Counters(); c.Logins != 1 {
		t.Errorf("%d logins", c.Logins)
	}
}

func TestAnInterruptedCallEndsAtOnce(t *testing.T) {
	b := startBench(t)
	path := "/m2m/v1/accounts/" + testAccount
	b.hold(path, true)
	p := start(t, command(t, b, t.TempDir(), nil, "call", path))
	b.until(t, func(c platform.Counters) bool { return c.Resources == 1 })
	p.signal(syscall.SIGINT)
	if status, rest := p.wait(); status != exitFailed || !strings.Contains(rest, "interrupted") {
		t.Errorf("%d %q", status, rest)
	}
}

func TestAPasswordThatCannotBeSavedIsPrintedOnce(t *testing.T) {
	b := startBench(t)
	file, env := rotating(t)
	state := t.TempDir()
	b.hold(platform.ResetPath, true)
	p := start(t, command(t, b, state, env, "password", "reset"))
	b.until(t, func(c platform.Counters) bool { return c.ResetsDone == 1 })
	// What worked when saving was proved does not work any more.
	dir := filepath.Dir(file)
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	b.hold(platform.ResetPath, false)
	status, rest := p.wait()
	password := b.platform.Password(testUser)
	if status != exitFailed || p.stdout.String() != password+"\n" {
		t.Errorf("exit status %d, standard output of %d bytes", status, p.stdout.Len())
	}
	if strings.Contains(rest, password) || !strings.Contains(rest, "could not be saved in "+file) || !strings.Contains(rest, "on standard output, once: keep it") {
		t.Errorf("%q", rest)
	}
	// The record keeps it as well.
	if err := os.Rename(dir+".gone", dir); err != nil {
		t.Fatal(err)
	}
	after := start(t, command(t, b, state, env, "status", "--json"))
	if status, rest := after.wait(); status != 0 || !strings.Contains(after.stdout.String(), `"action": "save-password"`) {
		t.Errorf("%d %q %s", status, rest, after.stdout.String())
	}
}

func TestAPasswordThatCannotBeSavedGoesToStandardErrorIfNobodyReadsTheOther(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, stdout := range []*os.File{w, null} { // as in a pipeline, and as in a crontab
		unsavedGoesToStandardError(t, stdout)
	}
}

func unsavedGoesToStandardError(t *testing.T, stdout *os.File) {
	t.Helper()
	b := startBench(t)
	file, env := rotating(t)
	b.hold(platform.ResetPath, true)
	cmd := command(t, b, t.TempDir(), env, "password", "reset")
	cmd.Stdout = stdout
	p := start(t, cmd)
	_ = stdout.Close()
	b.until(t, func(c platform.Counters) bool { return c.ResetsDone == 1 })
	dir := filepath.Dir(file)
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	b.hold(platform.ResetPath, false)
	status, rest := p.wait()
	if status != exitFailed || !strings.HasPrefix(rest, b.platform.Password(testUser)+"\n") || !strings.Contains(rest, "on the line above, once") {
		t.Errorf("exit status %d, standard error of %d bytes", status, len(rest))
	}
}

func TestAReaderThatLeavesEndsACallQuietly(t *testing.T) {
	b := startBench(t)
	cmd := command(t, b, t.TempDir(), nil, "call", "/m2m/v1/accounts/"+testAccount)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	cmd.Stdout = w
	p := start(t, cmd)
	_ = w.Close()
	if status, rest := p.wait(); status != 0 || rest != "" {
		t.Errorf("%d %q", status, rest)
	}
}

func TestAFullDiskUnderStandardOutputIsAFailure(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer func() { _ = full.Close() }()
	b := startBench(t)
	for _, args := range [][]string{{"token"}, {"completion", "bash"}, {"--version"}, {"help"}} {
		cmd := command(t, b, t.TempDir(), nil, args...)
		cmd.Stdout = full
		if status, rest := start(t, cmd).wait(); status != exitFailed || !strings.Contains(rest, "standard output cannot be written") {
			t.Errorf("%v: %d %q", args, status, rest)
		}
	}
}

func TestParallelInvocationsShareOneLogin(t *testing.T) {
	const n = 20
	b := startBench(t)
	state := t.TempDir()
	var wg sync.WaitGroup
	for range n {
		p := start(t, command(t, b, state, nil, "call", "/m2m/v1/accounts/"+testAccount))
		wg.Go(func() {
			if status, rest := p.wait(); status != 0 {
				t.Errorf("%d %q", status, rest)
			}
		})
	}
	wg.Wait()
	if c := b.platform.Counters(); c.Logins != 1 || c.Resources != n || c.OAuth != 1 {
		t.Errorf("%d logins and %d bearers for %d calls", c.Logins, c.OAuth, c.Resources)
	}
}

func TestAnInterruptBeforeTheLoginIsSentEndsTheCommandSoonAndSendsNone(t *testing.T) {
	b := startBench(t)
	const oauth = "/ts/v1/oauth2/token"
	b.hold(oauth, true)
	p := start(t, command(t, b, t.TempDir(), nil, "call", "/m2m/v1/accounts/"+testAccount))
	b.until(t, func(c platform.Counters) bool { return c.OAuth == 1 })
	p.signal(syscall.SIGINT)
	// The bearer is held until the process has gone.
	if status, rest := p.wait(); status != exitFailed || !strings.Contains(rest, "interrupted") {
		t.Errorf("%d %q", status, rest)
	}
	b.hold(oauth, false)
	if c := b.platform.Counters(); c.Logins != 0 {
		t.Errorf("%d logins after the interrupt", c.Logins)
	}

	// And if the bearer comes after the interrupt. A login that was about to leave at that moment is waited for.
	b.hold(oauth, true)
	state := t.TempDir()
	p = start(t, command(t, b, state, nil, "login"))
	b.until(t, func(c platform.Counters) bool { return c.OAuth == 2 })
	p.signal(syscall.SIGINT)
	b.hold(oauth, false)
	if status, rest := p.wait(); status != 0 && !strings.Contains(rest, "interrupted") {
		t.Errorf("%d %q", status, rest)
	}
	out, err := command(t, b, state, nil, "status", "--json").Output()
	if err != nil || !strings.Contains(string(out), `"strikes": 0`) || !strings.Contains(string(out), `"loginPending": false`) {
		t.Errorf("a login was left behind: %v\n%s", err, out)
	}
}

// Nothing of its own is under way in a command that waits for somebody else's reset, and nothing is to begin.
func TestAnInterruptEndsACommandThatWaitsForADeadReset(t *testing.T) {
	b := startBench(t)
	state := t.TempDir()
	_, env := rotating(t)
	b.hold(platform.ResetPath, true)
	dead := start(t, command(t, b, state, env, "password", "reset"))
	b.until(t, func(c platform.Counters) bool { return c.ResetsDone == 1 })
	dead.signal(syscall.SIGKILL)
	dead.wait()
	b.hold(platform.ResetPath, false)
	for _, args := range [][]string{{"password", "reset"}, {"login"}} {
		p := start(t, command(t, b, state, env, args...))
		if l := p.line(); !strings.Contains(l, "that process has died: waiting up to 6 minutes") {
			t.Errorf("%s does not say at once what it waits for: %q", args, l)
		}
		p.signal(syscall.SIGTERM)
		if status, rest := p.wait(); status != exitFailed || strings.Contains(rest, "waiting for its answer") || !strings.Contains(rest, ": interrupted") ||
			args[0] == "password" && rest != "thingspace: interrupted; the password was not changed\n" {
			t.Errorf("%s: %d %q", args, status, rest)
		}
	}
	if c := b.platform.Counters(); c.Resets != 1 || c.Logins != 1 {
		t.Errorf("%d resets and %d logins, want those of the dead process", c.Resets, c.Logins)
	}
}
