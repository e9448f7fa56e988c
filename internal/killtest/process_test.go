package killtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a victim may live before it counts as hung.
const patience = 60 * time.Second

// process is a victim, seen from the test.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr bytes.Buffer
	gone   chan struct{} // closed when its output has ended
	expire context.Context

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every line
	lines   []string
}

// start starts a victim and waits until it is ready to rotate.
func start(t *testing.T, o orders) *process {
	t.Helper()
	return startCommand(t, o, func(*exec.Cmd) {})
}

// startCommand is start of a victim that is another one than usual.
func startCommand(t *testing.T, o orders, change func(*exec.Cmd)) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	p := &process{
		t: t, cmd: exec.CommandContext(ctx, os.Args[0]), expire: ctx,
		gone: make(chan struct{}), changed: make(chan struct{}),
	}
	// The race detector would keep a process that ends for another second.
	p.cmd.Env = append(os.Environ(), victimVariable+"="+rotates, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	p.cmd.Stderr = &p.stderr
	change(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		<-p.gone
		_ = p.cmd.Wait()
	})
	go p.read(out)
	if err := json.NewEncoder(p.in).Encode(o); err != nil {
		t.Fatal(err)
	}
	if !p.until(func(lines []string) bool { return len(lines) > 0 }) {
		t.Fatalf("the victim did not begin: %s", &p.stderr)
	}
	return p
}

func (p *process) read(out io.Reader) {
	defer close(p.gone)
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		p.mu.Lock()
		p.lines = append(p.lines, scanner.Text())
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

// until waits until what the victim has printed satisfies seen; false if it is gone before that.
func (p *process) until(seen func(lines []string) bool) bool {
	for {
		p.mu.Lock()
		ok, changed := seen(p.lines), p.changed
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-p.gone:
			p.mu.Lock()
			defer p.mu.Unlock()
			return seen(p.lines)
		}
	}
}

// rotate lets it begin.
func (p *process) rotate() {
	p.t.Helper()
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		p.t.Fatal(err)
	}
}

// kill kills it, if it still lives, and returns when nothing of it is left. It reports whether it was
// alive.
func (p *process) kill() bool {
	p.t.Helper()
	_ = p.cmd.Process.Kill()
	<-p.gone
	_ = p.cmd.Wait()
	if p.expire.Err() != nil {
		p.t.Fatalf("the victim hung for %v after %q", patience, p.steps())
	}
	return p.cmd.ProcessState.ExitCode() == -1
}

// finish waits for it to end of its own accord.
func (p *process) finish() (status int) {
	p.t.Helper()
	<-p.gone
	_ = p.cmd.Wait()
	if p.expire.Err() != nil {
		p.t.Fatalf("the victim hung for %v after %q", patience, p.steps())
	}
	return p.cmd.ProcessState.ExitCode()
}

// steps is what it did.
func (p *process) steps() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var steps []string
	for _, l := range p.lines {
		if l != ready && l != done {
			steps = append(steps, l)
		}
	}
	return steps
}

// returned reports whether the rotation had told its caller of success.
func (p *process) returned() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines) > 0 && p.lines[len(p.lines)-1] == done
}

// prints reports whether a text is in anything it wrote.
func (p *process) prints(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(strings.Join(p.lines, "\n"), text) || strings.Contains(p.stderr.String(), text)
}
