//go:build unix

package redistest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// HowToGet says what is missing on a machine where the tests cannot run.
const HowToGet = "redis-server is not installed (Debian: apt-get install redis-server; macOS: brew install redis)"

// Installed reports whether there is a redis-server on this machine.
func Installed() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
}

// Need skips the test on a machine without redis-server. With CI=true it fails instead.
func Need(tb testing.TB) string {
	tb.Helper()
	program, err := exec.LookPath("redis-server")
	if err == nil {
		return program
	}
	if os.Getenv("CI") == "true" {
		tb.Fatal(HowToGet)
	}
	tb.Skip(HowToGet + ": nothing was tested against a server")
	return ""
}

// Safe is a configuration that forgets nothing.
var Safe = []string{"appendonly", "yes", "appendfsync", "always", "save", ""}

// Forgetful is a configuration that forgets everything.
var Forgetful = []string{"appendonly", "no", "save", ""}

// Server is a redis-server that a test may kill, stop and start again.
type Server struct {
	tb      testing.TB
	program string
	dir     string
	port    int
	args    []string

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
}

const patience = 20 * time.Second

// Start runs a server with these directives, names and values alternating. A directive "port" of "0"
// leaves it with its socket, see [Server.Socket]; "tls-port" of "0" stands for a free one.
func Start(tb testing.TB, directives ...string) *Server {
	tb.Helper()
	program := Need(tb)
	// Not t.TempDir: with the test's name in it the path is too long for a socket.
	dir, err := os.MkdirTemp("", "redistest") //nolint:usetesting // see above
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{tb: tb, program: program, dir: dir}
	for range 5 { // somebody else may take the port
		s.port = freePort(tb)
		s.args = s.arguments(directives)
		if err = s.run(); err == nil {
			tb.Cleanup(s.end)
			return s
		}
	}
	tb.Fatal(err)
	return nil
}

func (s *Server) arguments(directives []string) []string {
	port := strconv.Itoa(s.port)
	set := map[string][]string{
		"port": {port}, "bind": {"127.0.0.1"}, "dir": {s.dir}, "unixsocket": {s.Socket()}, "logfile": {""}, "daemonize": {"no"},
	}
	var lines []string
	for i := 0; i < len(directives); i += 2 {
		name, value := directives[i], directives[i+1]
		switch {
		case name == "tls-port" && value == "0":
			value = port
			set["port"] = []string{"0"}
		case name == "user" || name == "rename-command" || name == "replicaof": // several values, or several times
			lines = append(lines, name+" "+value)
			continue
		}
		set[name] = []string{value}
	}
	for name, values := range set {
		value := values[0]
		if name != "save" || value != "" {
			value = strconv.Quote(value)
		}
		if value == "" {
			value = `""`
		}
		lines = append(lines, name+" "+value)
	}
	file := filepath.Join(s.dir, "redis.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		s.tb.Fatal(err)
	}
	return []string{file}
}

func freePort(tb testing.TB) int {
	tb.Helper()
	var config net.ListenConfig
	l, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// run starts the process and returns when it is ready.
func (s *Server) run() error {
	cmd := exec.Command(s.program, s.args...) //nolint:gosec,noctx // the program that was found, with a file of our own; ended by end
	endWithParent(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var log []string // the last lines, to be read when it has ended
	go func() {
		defer close(ended)
		var once sync.Once
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if log = append(log, lines.Text()); len(log) > 5 {
				log = log[1:]
			}
			if strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
				once.Do(func() { close(ready) })
			}
		}
		_ = cmd.Wait()
	}()
	s.mu.Lock()
	s.process, s.ended = cmd, ended
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ended:
		return fmt.Errorf("redis-server ended: %s\n%s", cmd.ProcessState, strings.Join(log, "\n"))
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-ended
		return fmt.Errorf("redis-server is not ready after %s\n%s", patience, strings.Join(log, "\n"))
	}
}

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.process.Process.Signal(sig)
}

func (s *Server) wait() {
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	<-ended
}

func (s *Server) end() {
	s.signal(syscall.SIGKILL)
	s.wait()
}

// Kill ends the server as a crash does.
func (s *Server) Kill() { s.end() }

// Shutdown ends the server as its operator does: it saves if it has save points.
func (s *Server) Shutdown() {
	s.signal(syscall.SIGTERM)
	s.wait()
}

// Pause stops the process (SIGSTOP): connections stay, and nothing answers.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume lets the process go on.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

// Restart starts the server again after Kill or Shutdown, with the same port and directory.
func (s *Server) Restart() {
	s.tb.Helper()
	if err := s.run(); err != nil {
		s.tb.Fatal(err)
	}
}

// Reconfigure is Restart with other directives.
func (s *Server) Reconfigure(directives ...string) {
	s.tb.Helper()
	s.args = s.arguments(directives)
	s.Restart()
}

// Dir is the server's directory.
func (s *Server) Dir() string { return s.dir }

// Addr is the server's host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is the server's URL, without user name and password.
func (s *Server) URL() string { return "redis://" + s.Addr() }

// Socket is the path of the server's socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, "s") }

// Do sends one command over a connection of its own to the server's socket, and returns the answer, or
// the text of the server's error as an error.
func (s *Server) Do(command ...string) (rueidis.RedisMessage, error) {
	s.tb.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.Socket()}, ForceSingleClient: true, DisableCache: true, DisableRetry: true,
		DialCtxFn: func(ctx context.Context, _ string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", s.Socket())
		},
	})
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	defer client.Close()
	return client.Do(context.Background(), client.B().Arbitrary(command...).Build()).ToMessage()
}

// MustDo is Do for commands that succeed, and returns the answer's text.
func (s *Server) MustDo(command ...string) string {
	s.tb.Helper()
	answer, err := s.Do(command...)
	if err != nil && !rueidis.IsRedisNil(err) {
		s.tb.Fatalf("%q: %v", command, err)
	}
	if text, err := answer.ToString(); err == nil {
		return text
	}
	return answer.String()
}
