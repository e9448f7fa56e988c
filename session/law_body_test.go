package session_test

import (
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// answering answers requests for resources with a body of its own, and passes on the rest.
type answering struct {
	platform http.RoundTripper
	status   int
	body     func(*http.Request) io.ReadCloser
}

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.Contains(req.URL.Path, "/accounts/") {
		return a.platform.RoundTrip(req)
	}
	return &http.Response{StatusCode: a.status, ContentLength: -1, Body: a.body(req)}, nil
}

// quoting is a body that ends with what net/http says of a trailer that is malformed.
type quoting struct {
	io.Writer

	sent *http.Request
}

func (q quoting) Read([]byte) (int, error) {
	line := q.sent.Header.Get("VZ-M2M-Token") + " " + q.sent.Header.Get("Authorization")
	return 0, textproto.ProtocolError(fmt.Sprintf("malformed MIME header: missing colon: %q", line))
}

func (quoting) Close() error { return nil }

// ask sends a request to a platform that answers with a status and body.
func ask(t *testing.T, status int, body func(*http.Request) io.ReadCloser) (*session.Client, *http.Response) {
	t.Helper()
	p := sessiontest.New(t)
	cfg := p.Config()
	cfg.Transport = answering{p.Transport(), status, body}
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return c, resp
}

func TestG6AnErrorInTheMiddleOfABodyShowsNoToken(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNotFound} {
		c, resp := ask(t, status, func(req *http.Request) io.ReadCloser { return quoting{sent: req} })
		_, err := io.ReadAll(resp.Body)
		if err == nil || !strings.Contains(err.Error(), "malformed MIME header") {
			t.Fatal(err)
		}
		headers, failed := c.Headers(t.Context())
		if failed != nil {
			t.Fatal(failed)
		}
		for name := range headers {
			secret := strings.TrimPrefix(headers.Get(name), "Bearer ")
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, secret) {
				t.Errorf("%s is in the error: %s", name, text)
			}
		}
	}
}

func TestABodyIsHandedOutAsTheKindItIs(t *testing.T) {
	if _, resp := ask(t, http.StatusOK, func(*http.Request) io.ReadCloser { return http.NoBody }); resp.Body != http.NoBody {
		t.Errorf("%T for no body", resp.Body)
	}
	_, resp := ask(t, http.StatusSwitchingProtocols, func(req *http.Request) io.ReadCloser { return quoting{sent: req} })
	if _, ok := resp.Body.(io.Writer); !ok {
		t.Errorf("%T cannot be written to after a switch of protocols", resp.Body)
	}
}
