package cli

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/internal/platform"
)

// fullPipe is a pipe that nothing more can be written into until somebody reads: it has room for one
// write, of one byte.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC|syscall.O_DIRECT); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(ends[0]), "r"), os.NewFile(uintptr(ends[1]), "w")
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	if _, _, failed := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), syscall.F_SETPIPE_SZ, 1); failed != 0 {
		t.Fatal(failed)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	return r, w
}

func TestAnInterruptEndsACommandThatWaitsForItsInput(t *testing.T) {
	b := startBench(t)
	for _, args := range [][]string{{"call", "POST", "/m2m/v1/accounts/" + testAccount, "-d", "-"}, {"token", "--refused-stdin"}} {
		r, w := fullPipe(t)
		cmd := command(t, b, t.TempDir(), nil, args...)
		cmd.Stdin = r
		p := start(t, cmd)
		if _, err := w.WriteString("x"); err != nil { // returns when it has begun to read
			t.Fatal(err)
		}
		p.signal(syscall.SIGTERM)
		began := time.Now()
		if status, rest := p.wait(); status != exitFailed || rest != "thingspace: interrupted\n" || time.Since(began) > stuckAfter {
			t.Errorf("%v: %d %q after %v", args, status, rest, time.Since(began))
		}
	}
	if c := b.platform.Counters(); c.Resources != 0 {
		t.Errorf("%d requests", c.Resources)
	}
}

func TestAnInterruptEndsACommandThatWaitsForASecret(t *testing.T) {
	b := startBench(t)
	fifo := filepath.Join(t.TempDir(), "secret")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, command(t, b, t.TempDir(), []string{"THINGSPACE_PASSWORD=", "THINGSPACE_PASSWORD_FILE=" + fifo}, "login"))
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the command has opened it too
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	p.signal(syscall.SIGTERM)
	if status, rest := p.wait(); status != exitFailed || rest != "thingspace: interrupted\n" {
		t.Errorf("%d %q", status, rest)
	}
}

func TestAnInterruptEndsACommandWhoseOutputNobodyTakes(t *testing.T) {
	b := startBench(t)
	_, w := fullPipe(t)
	cmd := command(t, b, t.TempDir(), nil, "token")
	cmd.Stdout = w
	p := start(t, cmd)
	b.until(t, func(c platform.Counters) bool { return c.Logins == 1 })
	p.signal(syscall.SIGINT)
	// If the login's answer is on its way still, that is said first.
	if status, rest := p.wait(); status != exitFailed || !strings.HasSuffix(rest, "thingspace: interrupted\n") {
		t.Errorf("%d %q", status, rest)
	}
}

func TestAThirdInterruptEndsAProxyWhoseLogNobodyTakes(t *testing.T) {
	b := startBench(t)
	_, log := fullPipe(t)
	cmd := command(t, b, t.TempDir(), nil, "proxy", "--listen", "127.0.0.1:0")
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "THINGSPACE_PROXY_URL") {
		t.Fatalf("%q, %v", line, err)
	}
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitFailed {
		t.Error(err)
	}
}
