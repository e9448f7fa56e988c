//go:build unix

package cli

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"iot.internal/thingspace/internal/platform"
	"iot.internal/thingspace/internal/proxy"
)

const testClientToken = "0123456789abcdef0123456789abcdef"

// proxied is a "thingspace proxy" process.
type proxied struct {
	*process

	url, admin string
	http       *http.Client
}

func startProxy(t *testing.T, b *bench, state string, args ...string) *proxied {
	t.Helper()
	cmd := command(t, b, state, nil, append([]string{"proxy", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	cmd.Stdout = w
	p := &proxied{process: start(t, cmd)}
	_ = w.Close()
	lines := bufio.NewScanner(r)
	for p.admin == "" && lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		value = strings.Trim(value, "'")
		switch name {
		case "THINGSPACE_PROXY_URL":
			p.url = value
		case "THINGSPACE_PROXY_ADMIN_URL":
			p.admin = value
		}
	}
	if p.url == "" || p.admin == "" {
		_, rest := p.wait()
		t.Fatalf("the proxy does not listen: %s", rest)
	}
	transport := &http.Transport{}
	if path, ok := strings.CutPrefix(p.url, "unix:"); ok {
		p.url = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	p.http = &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	return p
}

func (p *proxied) get(url string, headers ...string) (status int, text string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

const accountPath = "/m2m/v1/accounts/" + testAccount

func TestAProxyServesWithOneLoginAndEndsOnASignal(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		b := startBench(t)
		p := startProxy(t, b, t.TempDir(), "--log-format", "json")
		if status, text := p.get(p.admin + "/readyz"); status != 200 || text != "ready\n" {
			t.Errorf("%d %q", status, text)
		}
		if c := b.platform.Counters(); c.OAuth != 0 {
			t.Error("something was sent before a request came")
		}
		for range 3 {
			if status, text := p.get(p.url + accountPath + "?secret=query"); status != 200 || !strings.Contains(text, testAccount) {
				t.Errorf("%d %q", status, text)
			}
		}
		if status, text := p.get(p.admin + "/metrics"); status != 200 || !strings.Contains(text, `thingspace_logins_total{phase="accepted"} 1`) {
			t.Errorf("%d %q", status, text)
		}
		p.signal(signal)
		status, log := p.wait()
		if status != 0 || !strings.Contains(log, `"path":"`+accountPath+`"`) || !strings.Contains(log, "ending: nothing new is accepted") {
			t.Errorf("%d %q", status, log)
		}
		for _, secret := range []string{testPass, testSecret, "secret=query"} {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
		if c := b.platform.Counters(); c.Logins != 1 || c.Resources != 3 {
			t.Errorf("%+v", c)
		}
	}
}

func TestAProxyOnASocketAndItsClientToken(t *testing.T) {
	dir, err := os.MkdirTemp("", "px") //nolint:usetesting // the name of a socket is limited to a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, file := filepath.Join(dir, "s"), filepath.Join(dir, "tokens")
	if err := os.WriteFile(file, []byte(testClientToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBench(t)
	p := startProxy(t, b, t.TempDir(), "--listen", "unix:"+socket, "--client-token-file", file)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if status, text := p.get(p.url + accountPath); status != 403 || !strings.Contains(text, "ThingspaceProxy.client-token") {
		t.Errorf("%d %q", status, text)
	}
	if status, text := p.get(p.url+accountPath, proxy.ClientTokenHeader, testClientToken); status != 200 {
		t.Errorf("%d %q", status, text)
	}
	p.signal(syscall.SIGTERM)
	if status, log := p.wait(); status != 0 || strings.Contains(log, testClientToken) {
		t.Errorf("%d %q", status, log)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	// After a kill the next one takes the socket over.
	p = startProxy(t, b, t.TempDir(), "--listen", "unix:"+socket)
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
	if _, err := os.Stat(socket); err != nil {
		t.Fatal(err)
	}
	p = startProxy(t, b, t.TempDir(), "--listen", "unix:"+socket)
	if status, text := p.get(p.url + accountPath); status != 200 {
		t.Errorf("%d %q", status, text)
	}
	p.signal(syscall.SIGTERM)
	p.wait()
}

func TestAProxyFinishesWhatIsUnderWayAndASecondSignalDoesNot(t *testing.T) {
	for _, signals := range []int{1, 2} {
		b := startBench(t)
		p := startProxy(t, b, t.TempDir())
		if status, text := p.get(p.url + accountPath); status != 200 {
			t.Fatalf("%d %q", status, text)
		}
		b.hold(accountPath, true)
		answered := make(chan error, 1)
		go func() {
			resp, err := p.http.Get(p.url + accountPath)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			answered <- err
		}()
		b.until(t, func(c platform.Counters) bool { return c.Resources == 2 })
		p.signal(syscall.SIGTERM)
		for !strings.Contains(p.line(), "nothing new is accepted") {
		}
		if status, text := p.get(p.admin + "/readyz"); status != 503 {
			t.Errorf("%d %q", status, text)
		}
		if signals == 2 {
			p.signal(syscall.SIGTERM)
			if err := <-answered; err == nil {
				t.Error("an answer after the second signal")
			}
		} else {
			b.hold(accountPath, false)
			if err := <-answered; err != nil {
				t.Error(err)
			}
		}
		if status, log := p.wait(); status != 0 || strings.Contains(log, "cut off") != (signals == 2) {
			t.Errorf("%d %q", status, log)
		}
	}
}

func TestAProxyThatEndsDuringALoginWaitsForItsAnswer(t *testing.T) {
	b := startBench(t)
	state := t.TempDir()
	p := startProxy(t, b, state)
	b.hold(platform.LoginPath, true)
	answered := make(chan error, 1)
	go func() {
		resp, err := p.http.Get(p.url + accountPath)
		if err == nil {
			_ = resp.Body.Close()
		}
		answered <- err
	}()
	b.until(t, func(c platform.Counters) bool { return c.Logins == 1 })
	p.signal(syscall.SIGTERM)
	for !strings.Contains(p.line(), "nothing new is accepted") {
	}
	p.signal(syscall.SIGTERM)
	for !strings.Contains(p.line(), "a login is under way: waiting for its answer") {
	}
	if err := <-answered; err == nil {
		t.Error("an answer after the second signal")
	}
	b.hold(platform.LoginPath, false)
	if status, log := p.wait(); status != 0 || !strings.Contains(log, "login accepted") {
		t.Errorf("%d %q", status, log)
	}
	// The session was kept: nobody has to log in again.
	if status, rest := start(t, command(t, b, state, nil, "call", accountPath)).wait(); status != 0 {
		t.Errorf("%d %q", status, rest)
	}
	if c := b.platform.Counters(); c.Logins != 1 {
		t.Errorf("%d logins", c.Logins)
	}
}

func TestAProxyThatIsMisconfiguredSaysSoBeforeItListens(t *testing.T) {
	b := startBench(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	public, short, spaced := write("public", testClientToken, 0o644), write("short", "short", 0o600), write("spaced", "a token with spaces in it", 0o600)
	plain := write("plain", "x", 0o600)
	taken := strings.TrimPrefix(b.server.URL, "http://")
	for _, c := range []struct {
		args []string
		want int
		says string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, exitUsage, "a client token must protect it"},
		{[]string{"--listen", "nonsense"}, exitUsage, "--listen"},
		{[]string{"--admin", "nonsense"}, exitUsage, "--admin"},
		{[]string{"--listen", "unix:" + plain}, exitFailed, "not a socket"},
		{[]string{"--listen", taken}, exitFailed, "--listen"},
		{[]string{"--client-token-file", public}, exitUsage, "others may read"},
		{[]string{"--client-token-file", short}, exitUsage, "shorter than 16"},
		{[]string{"--client-token-file", spaced}, exitUsage, "a space"},
		{[]string{"--client-token-file", filepath.Join(dir, "none")}, exitUsage, "no such file"},
		{[]string{"--allow", "m2m"}, exitUsage, "--allow"},
		{[]string{"--allow", "/m2m/v1/session/login"}, exitUsage, "only this program may call"},
		{[]string{"--host", "a b"}, exitUsage, "--host"},
		{[]string{"--max-requests", "0"}, exitUsage, "--max-requests"},
		{[]string{"--grace", "-1s"}, exitUsage, "--grace"},
		{[]string{"--idle-timeout", "1ms"}, exitUsage, "--idle-timeout"},
		{[]string{"--log-format", "xml"}, exitUsage, "--log-format"},
	} {
		args := append([]string{"proxy", "--listen", "127.0.0.1:0"}, c.args...)
		p := start(t, command(t, b, t.TempDir(), nil, args...))
		if status, rest := p.wait(); status != c.want || !strings.Contains(rest, c.says) || p.stdout.Len() != 0 || strings.Count(rest, "\n") != 1 {
			t.Errorf("%v: %d %q", c.args, status, rest)
		}
	}
	p := start(t, command(t, b, t.TempDir(), []string{"THINGSPACE_PASSWORD="}, "proxy", "--listen", "127.0.0.1:0"))
	if status, rest := p.wait(); status != exitUsage || !strings.Contains(rest, "a proxy needs one") {
		t.Errorf("%d %q", status, rest)
	}
}

func TestABaseURLThatLeadsBackToTheProxyIsFound(t *testing.T) {
	for base, want := range map[string]bool{
		"http://127.0.0.1:8090/api": true, "http://localhost:8090": true, "https://127.0.0.1:8090": true, "http://127.0.0.1:8091/api": false, "http://127.0.0.1/api": false,
		"https://thingspace.verizon.com/api": false, "https://thingspace.verizon.com:8090/api": false, "http://127.0.0.2:8090": false,
	} {
		if leadsBack(base, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8090"))) != want {
			t.Errorf("%s: %v", base, !want)
		}
	}
	if !leadsBack("http://127.0.0.2:8090", net.TCPAddrFromAddrPort(netip.MustParseAddrPort("0.0.0.0:8090"))) || leadsBack("http://127.0.0.1:8090", &net.UnixAddr{Name: "/x", Net: "unix"}) {
		t.Error("an unspecified address, or a socket")
	}
}

func TestAFileOfClientTokensIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	write := func(text string, mode os.FileMode) {
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 32)
	write(first, 0o600)
	var log strings.Builder
	a := newApp(strings.NewReader(""), io.Discard, &log, func(string) (string, bool) { return "", false })
	c, err := openClientTokens(file, a.proxyLogger("text"))
	if err != nil {
		t.Fatal(err)
	}
	holds := func(want ...string) {
		t.Helper()
		if got := c.current(); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d tokens, want %d", len(got), len(want))
		}
	}
	write(first+"\n\n"+second+"\r\n", 0o600)
	holds(first) // not before some seconds
	c.read = time.Time{}
	holds(first, second)
	write(second, 0o644) // a mistake
	c.read = time.Time{}
	holds(first, second)
	if !strings.Contains(log.String(), "those read before stay valid") || strings.Contains(log.String(), second) {
		t.Errorf("%q", log.String())
	}
	write(second, 0o600)
	c.read = time.Time{}
	holds(second)
}

func TestThePageAboutTheProxyHasEveryFlag(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "proxy.md"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := newApp(strings.NewReader(""), io.Discard, io.Discard, func(string) (string, bool) { return "", false }).proxyCommand()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		for _, s := range allSettings {
			if s.flag == f.Name {
				return
			}
		}
		if !strings.Contains(string(page), "| `--"+f.Name+"` |") {
			t.Errorf("no --%s", f.Name)
		}
	})
}
