package cli

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMethodIsGetUnlessGivenOrABodyIs(t *testing.T) {
	for _, c := range []struct {
		args   []string
		body   bool
		method string
	}{
		{[]string{"/x"}, false, "GET"},
		{[]string{"/x"}, true, "POST"},
		{[]string{"put", "/x"}, true, "PUT"},
		{[]string{"GET", "/x"}, true, "GET"},
	} {
		method, path, err := methodAndPath(c.args, c.body)
		if method != c.method || path != "/x" || err != nil {
			t.Errorf("%v: %s %s %v", c.args, method, path, err)
		}
	}
	for _, m := range []string{"CONNECT", "TRACE", "GET /x", "", "DELETE\n"} {
		if _, _, err := methodAndPath([]string{m, "/x"}, false); err == nil {
			t.Errorf("%q is sent", m)
		}
	}
}

func TestOwnHeadersAreNotTheCallersToSet(t *testing.T) {
	for _, line := range []string{
		"authorization: x", "VZ-M2M-Token: x", "vz-m2m-token:x", "Host: x", "content-length: 1", "no colon", ": x", "a b: x", "a: x\ny",
	} {
		if h, err := callHeaders([]string{line}); err == nil {
			t.Errorf("%q passes: %v", line, h)
		}
	}
	h, err := callHeaders([]string{"X-One: 1", "x-one:2", "Accept:  text/xml "})
	if err != nil || strings.Join(h.Values("X-One"), ",") != "1,2" || h.Get("Accept") != "text/xml" {
		t.Errorf("%v %v", h, err)
	}
}

func TestWhatIsWrongWithAHeaderIsSaidWithoutItsValue(t *testing.T) {
	_, err := callHeaders([]string{"Authorization: Bearer hunter2"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func TestABodyCanBeSentTwiceUnlessItIsALongPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for data, c := range map[string]struct {
		stdin, want string
		once        bool
	}{
		`{"a":1}`:  {want: `{"a":1}`},
		"@" + file: {want: "from a file"},
		"-":        {stdin: "from a pipe", want: "from a pipe"},
	} {
		a := newApp(strings.NewReader(c.stdin), io.Discard, io.Discard, noEnvironment)
		body, err := a.callBody(&data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		for range 2 {
			req, err := newCall(t.Context(), "POST", "https://example.com/x", http.Header{}, body)
			if err != nil {
				t.Fatal(err)
			}
			checkBody(t, req.Body, c.want)
			if req.GetBody == nil || req.ContentLength != int64(len(c.want)) || req.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: length %d, headers %v", data, req.ContentLength, req.Header)
				continue
			}
			again, err := req.GetBody()
			if err != nil {
				t.Fatal(err)
			}
			checkBody(t, again, c.want)
		}
	}
	long := strings.Repeat("x", replayLimit+1)
	dash := "-"
	body, err := newApp(strings.NewReader(long+"yz"), io.Discard, io.Discard, noEnvironment).callBody(&dash)
	if err != nil {
		t.Fatal(err)
	}
	req, err := newCall(t.Context(), "POST", "https://example.com/x", http.Header{"Content-Type": {"text/plain"}}, body)
	if err != nil {
		t.Fatal(err)
	}
	if req.GetBody != nil || req.ContentLength != -1 || req.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("length %d, headers %v", req.ContentLength, req.Header)
	}
	checkBody(t, req.Body, long+"yz")
}

func checkBody(t *testing.T, body io.ReadCloser, want string) {
	t.Helper()
	got, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(got) != want {
		t.Errorf("body of %d bytes, want %d (%v)", len(got), len(want), err)
	}
}

func TestHeadersOfAnAnswerShowNoCredentials(t *testing.T) {
	tokens := http.Header{"Authorization": {"Bearer abc123"}, "Vz-M2m-Token": {"guid-1"}}
	for name, c := range map[string][2]string{
		"Set-Cookie": {"token=bearer%20abc; Path=/", "token=[redacted]"},
		"X-Revoked":  {"token abc123 guid-1", "token [redacted] [redacted]"},
		"X-Evil":     {"a\x1b[2Jb", "a [2Jb"},
		"X-Plain":    {"text", "text"},
	} {
		if got := printable(name, c[0], tokens); got != c[1] {
			t.Errorf("%s: %q, want %q", name, got, c[1])
		}
	}
}

func TestOnlyWhatIsSafeToRepeatIsCalledUnreachable(t *testing.T) {
	lost := &net.OpError{Op: "read", Err: errors.New("reset")}
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range []struct {
		method string
		err    error
		want   int
	}{
		{"GET", lost, exitUnreachable},
		{"PUT", lost, exitUnreachable},
		{"DELETE", lost, exitUnreachable},
		{"POST", lost, exitFailed},
		{"PATCH", lost, exitFailed},
		{"POST", dial, exitUnreachable},
		{"POST", &net.DNSError{}, exitUnreachable},
		{"GET", errInterrupted, exitFailed},
	} {
		if got, line := explain(unanswered(c.method, c.err)); got != c.want {
			t.Errorf("%s, %v: %d %q", c.method, c.err, got, line)
		}
	}
}

func TestFirstBytesAreBounded(t *testing.T) {
	f := &firstBytes{limit: 5}
	for range 3 {
		if n, err := f.Write([]byte("abc")); n != 3 || err != nil {
			t.Fatal(n, err)
		}
	}
	if !bytes.Equal(f.b.Bytes(), []byte("abcab")) {
		t.Errorf("%q", f.b.Bytes())
	}
}

func noEnvironment(string) (string, bool) { return "", false }
