package clientfuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"iot.internal/thingspace/internal/seal"
)

// network is the way to the platform, as a process has it.
type network struct {
	p    *process
	next http.RoundTripper
}

func (n network) RoundTrip(req *http.Request) (*http.Response, error) {
	p, w := n.p, n.p.w
	for _, name := range []string{"Authorization", "VZ-M2M-Token"} {
		w.learn(strings.TrimPrefix(req.Header.Get(name), "Bearer "))
	}
	err := p.enter()
	if err == nil {
		err = req.Context().Err() // as net/http does
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(p.life, cancel) // who is dead hangs up
	kind := kindOf(req.URL.Path)
	sent := req.WithContext(ctx)
	if kind == "login" || kind == "reset" {
		n.judge(kind, sent)
	}
	w.began(kind)
	resp, err := n.next.RoundTrip(sent)
	w.over(kind)
	if kind == "reset" {
		w.learn(w.platform.Password())
	}
	if gone := p.leave(); gone != nil && err == nil {
		_ = resp.Body.Close()
		err = gone
	}
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &listener{ReadCloser: resp.Body, w: w, end: func() { stop(); cancel() }}
	return resp, nil
}

func kindOf(path string) string {
	for suffix, kind := range map[string]string{
		"/session/login": "login", "/session/logout": "logout", "/password/actions/reset": "reset", "/oauth2/token": "oauth",
	} {
		if strings.HasSuffix(path, suffix) {
			return kind
		}
	}
	return "resource"
}

// judge looks at a login or reset that is about to be sent: its strike must be listed, once for each,
// and the password must not have been known to be wrong then.
func (n network) judge(kind string, req *http.Request) {
	p, w := n.p, n.p.w
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.problem("wire: the body of a %s cannot be read: %v", kind, err)
	}
	_ = req.Body.Close()
	req.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct{ Username, Password, OldPassword string }
	if err := json.Unmarshal(body, &sent); err != nil {
		w.problem("wire: the body of a %s is no JSON", kind)
	}
	password := sent.Password + sent.OldPassword
	w.learn(password)
	p.mu.Lock()
	r := p.reserved
	p.reserved = nil
	p.mu.Unlock()
	if r == nil || r.reset != (kind == "reset") {
		w.problem("G1 reserved first: %s sends a %s and has listed no strike for it", p, kind)
		return
	}
	fingerprint := seal.Fingerprint(w.secretID, w.platform.Username(), password)
	if slices.Contains(r.refused, fingerprint) && (!r.allowed || r.reset) {
		w.problem("G1 refused password: %s sends a %s with one, listed at %s", p, kind, r.at)
	}
	if slices.Contains(r.retired, fingerprint) {
		w.problem("G4 retired password: %s sends a %s with one", p, kind)
	}
}

// began and over keep the count of what is in flight: logins and resets are alone.
func (w *world) began(kind string) {
	w.mu.Lock()
	w.inFlight[kind]++
	logins, resets := w.inFlight["login"], w.inFlight["reset"]
	w.mu.Unlock()
	if (kind == "login" || kind == "reset") && logins+resets > 1 {
		w.problem("G2 one at a time: %d logins and %d resets are in flight", logins, resets)
	}
}

func (w *world) over(kind string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight[kind]--
}

// listener learns the tokens that come by.
type listener struct {
	io.ReadCloser
	w    *world
	seen []byte
	end  func()
}

const earshot = 64 << 10

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.ReadCloser.Read(b)
	if len(l.seen) < earshot {
		l.seen = append(l.seen, b[:n]...)
		for _, found := range said.FindAllSubmatch(l.seen, -1) {
			l.w.learn(string(found[1]))
		}
	}
	return n, err
}

func (l *listener) Close() error {
	err := l.ReadCloser.Close()
	l.end()
	return err
}

// said finds the tokens and passwords in an answer; made-up values of faults are shorter.
var said = regexp.MustCompile(`"(?:access_token|sessionToken|newPassword)"\s*:\s*"([^"]{10,})"`)
