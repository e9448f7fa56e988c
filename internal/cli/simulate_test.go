//go:build unix

package cli

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"iot.internal/thingspace/internal/simulator"
)

// simulated is a "thingspace simulate" process, and the environment it prints.
type simulated struct {
	*process

	env  []string
	base string
}

func startSimulator(t *testing.T, args ...string) *simulated {
	t.Helper()
	path, err := exec.LookPath("thingspace")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"simulate", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = []string{shortExit, "GOCOVERDIR=" + t.TempDir(), "THINGSPACE_STORE=file"} // each test has a state directory of its own
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	cmd.Stdout = w
	s := &simulated{process: start(t, cmd)}
	_ = w.Close()
	lines := bufio.NewScanner(r)
	for len(s.env) < 5 && lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		value = strings.Trim(value, "'")
		s.env = append(s.env, name+"="+value)
		if name == "THINGSPACE_BASE_URL" {
			s.base = strings.TrimSuffix(value, simulator.Base)
		}
	}
	if len(s.env) != 5 || s.base == "" {
		t.Fatalf("the simulator printed %q", s.env)
	}
	return s
}

// run runs a command against the simulator.
func (s *simulated) run(t *testing.T, state string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	path, err := exec.LookPath("thingspace")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append([]string{shortExit, "XDG_STATE_HOME=" + state, "GOCOVERDIR=" + t.TempDir()}, s.env...)
	p := start(t, cmd)
	status, stderr = p.wait()
	return status, p.stdout.String(), stderr
}

func (s *simulated) control(t *testing.T, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/_control"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		t.Fatalf("%s: %s", path, resp.Status)
	}
}

func TestASimulatorHasAStoreThatGoesWithIt(t *testing.T) {
	path, err := exec.LookPath("thingspace")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	store := func(environment ...string) (store string, p *process) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, "simulate", "--listen", "127.0.0.1:0")
		cmd.Env = append([]string{shortExit, "GOCOVERDIR=" + t.TempDir(), "TMPDIR=" + tmp}, environment...)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		cmd.Stdout = w
		p = start(t, cmd)
		_ = w.Close()
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if value, ok := strings.CutPrefix(lines.Text(), "export THINGSPACE_STORE="); ok {
				store = strings.Trim(value, "'")
			}
			if strings.HasPrefix(lines.Text(), "export THINGSPACE_PASSWORD=") {
				break
			}
		}
		return store, p
	}
	first, p := store()
	dir, ok := strings.CutPrefix(first, "file:")
	info, err := os.Stat(dir)
	if !ok || err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%q, %v", first, err)
	}
	second, q := store("THINGSPACE_STORE=" + first)
	if second == "" || second == first {
		t.Errorf("a second simulator prints the store %q, the first one's is %q", second, first)
	}
	if chosen, c := store("THINGSPACE_STORE=memory"); chosen != "" {
		t.Errorf("%q replaces the store that was chosen", chosen)
	} else {
		c.signal(os.Interrupt)
	}
	for _, p := range []*process{p, q} {
		p.signal(os.Interrupt)
		p.wait()
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestTheMainJobAgainstASimulatorProcess(t *testing.T) {
	s := startSimulator(t, "-v")
	state := t.TempDir()
	if l := s.line(); !strings.Contains(l, "a simulated ThingSpace listens on "+s.base) {
		t.Errorf("%q", l)
	}
	account := "/m2m/v1/accounts/" + simulator.DefaultAccount
	step := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := s.run(t, state, args...)
		if status != want {
			t.Fatalf("%v: %d %q", args, status, stderr)
		}
		return stdout
	}
	step(0, "login")
	if out := step(0, "call", "GET", account); !strings.Contains(out, simulator.DefaultAccount) {
		t.Errorf("%q", out)
	}
	s.control(t, "/clock/advance", `{"by": "21m"}`)
	step(0, "call", account)
	s.control(t, "/faults", `{"on": ["resource"], "kind": "drop", "times": 1}`)
	step(exitUnreachable, "call", account)
	step(0, "logout")
	s.signal(syscall.SIGTERM)
	status, log := s.wait()
	if status != 0 || !strings.Contains(log, "the simulator ends") {
		t.Errorf("%d %q", status, log)
	}
	if !strings.Contains(log, "method=GET path=/api"+account+" status=200") || strings.Contains(log, simulator.DefaultPassword) {
		t.Errorf("%q", log)
	}
}

func TestASimulatorEndsWhileARequestStalls(t *testing.T) {
	s := startSimulator(t)
	s.control(t, "/faults", `{"on": ["oauth"], "kind": "stall-headers"}`)
	path, err := exec.LookPath("thingspace")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "login")
	cmd.Env = append([]string{shortExit, "XDG_STATE_HOME=" + t.TempDir(), "GOCOVERDIR=" + t.TempDir()}, s.env...)
	client := start(t, cmd)
	s.signal(syscall.SIGINT)
	if status, log := s.wait(); status != 0 {
		t.Errorf("%d %q", status, log)
	}
	if status, _ := client.wait(); status != exitUnreachable {
		t.Errorf("%d", status)
	}
}

func TestAnAddressThatCannotBeListenedOnIsSaidSo(t *testing.T) {
	s := startSimulator(t)
	taken := strings.TrimPrefix(s.base, "http://")
	for addr, want := range map[string]int{taken: exitFailed, "nonsense": exitUsage, "127.0.0.1:99999": exitUsage} {
		status, stdout, stderr := s.run(t, t.TempDir(), "simulate", "--listen", addr)
		if status != want || stdout != "" || !strings.Contains(stderr, "--listen") {
			t.Errorf("%s: %d %q", addr, status, stderr)
		}
	}
	s.signal(os.Interrupt)
	if status, log := s.wait(); status != 0 {
		t.Errorf("%d %q", status, log)
	}
}

func TestAnUnspecifiedAddressIsReachedOnLoopback(t *testing.T) {
	for in, want := range map[string]string{"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "127.0.0.2:80": "127.0.0.2:80", "[::1]:80": "[::1]:80"} {
		if got := reachable(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(in))); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestTheSimulatorServesTheReferenceWithItsOwnCredentials(t *testing.T) {
	s := startSimulator(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	for _, part := range []string{simulator.DefaultKey, simulator.DefaultSecret, `"username":"` + simulator.DefaultUsername + `"`, `"base":"` + simulator.Base + `"`} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if !strings.Contains(resp.Header.Get("Content-Security-Policy"), "connect-src 'self'") {
		t.Errorf("%v", resp.Header)
	}
}
