package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what a person sees and types, and what a process has.
func terminal(t *testing.T) (person, process *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	process, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = person.Close(), process.Close() })
	return person, process
}

func TestAPasswordIsAskedForWithoutEcho(t *testing.T) {
	b := startBench(t)
	person, process := terminal(t)
	cmd := command(t, b, t.TempDir(), []string{"THINGSPACE_PASSWORD="}, "login")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = process, process, process
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p := start(t, cmd)
	p.stderr = nil
	_ = process.Close()
	var seen bytes.Buffer
	screen := bufio.NewReader(io.TeeReader(person, &seen))
	if _, err := screen.ReadString(':'); err != nil {
		t.Fatal(err)
	}
	// Whoever types before echo is off is seen; ReadPassword switches it off and then reads.
	untilQuiet(t, person)
	if _, err := person.WriteString(testPass + "\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, screen) // until the process has gone: then reading fails
	if status, _ := p.wait(); status != 0 {
		t.Errorf("exit status %d: %q", status, seen.String())
	}
	if strings.Contains(seen.String(), testPass) || !strings.Contains(seen.String(), "Password of "+testUser+": ") {
		t.Errorf("%q", seen.String())
	}
	if c := b.platform.Counters(); c.LoginsAccepted != 1 {
		t.Errorf("%d logins", c.LoginsAccepted)
	}
}

func TestAnInterruptAtThePasswordPromptRestoresTheTerminal(t *testing.T) {
	b := startBench(t)
	person, process := terminal(t)
	cmd := command(t, b, t.TempDir(), []string{"THINGSPACE_PASSWORD="}, "call", "/m2m/v1/accounts/"+testAccount)
	cmd.Stdin = process
	p := start(t, cmd)
	untilQuiet(t, person)
	p.signal(syscall.SIGINT)
	if status, rest := p.wait(); status != exitFailed || !strings.HasSuffix(rest, "thingspace: interrupted\n") {
		t.Errorf("%d %q", status, rest)
	}
	if !echoes(t, person) {
		t.Error("the terminal does not echo any more")
	}
	if c := b.platform.Counters(); c.Logins != 0 || c.Resources != 0 {
		t.Errorf("%+v", c)
	}
}

// untilQuiet waits for a process to switch echo off. Nothing tells of that, so it looks again.
func untilQuiet(t *testing.T, tty *os.File) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for echoes(t, tty) {
		<-again.C
	}
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}
