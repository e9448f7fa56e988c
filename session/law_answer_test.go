package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// cutOff ends a body with an error when all of it came.
type cutOff struct{ io.Reader }

func (c cutOff) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestG4AnAnswerThatCameWholeIsNotLostWithItsEnd(t *testing.T) {
	for name, spoil := range map[string]func([]byte) io.Reader{
		"the connection broke behind it": func(b []byte) io.Reader { return cutOff{bytes.NewReader(b)} },
		"a byte order mark before it":    func(b []byte) io.Reader { return bytes.NewReader(append([]byte("\xef\xbb\xbf"), b...)) },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				cfg := p.Config()
				cfg.Transport = through{p.Transport(), func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					resp, err := next.RoundTrip(req)
					if err != nil {
						return nil, err
					}
					body, err := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					resp.Body, resp.ContentLength = io.NopCloser(spoil(body)), -1
					return resp, err
				}}
				got, err := mustClient(t, cfg).ResetPassword(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, p, got)
			})
		})
	}
}

func TestADeadlineThatPassesDuringALoginIsATimeout(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 10 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL()+"/m2m/v1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.Client(t).HTTPClient().Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		wantIs(t, err, context.DeadlineExceeded)
		var u *url.Error
		if !errors.As(err, &u) || !u.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
	})
}

func TestATransportThatLeavesOutBodyOrResponseDoesNotPanic(t *testing.T) {
	virtually(t, func(t *testing.T) {
		for _, answer := range []*http.Response{nil, {StatusCode: http.StatusUnauthorized}, {StatusCode: http.StatusBadRequest}} {
			for _, path := range []string{"/oauth2/", "/session/", "/resource"} {
				p := sessiontest.New(t)
				cfg := p.Config()
				cfg.Transport = through{p.Transport(), func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					if !strings.Contains(req.URL.Path, path) {
						return next.RoundTrip(req)
					}
					if answer == nil {
						return nil, nil //nolint:nilnil // what is tested
					}
					bare := *answer
					return &bare, nil
				}}
				c := mustClient(t, cfg)
				resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/resource")
				if err == nil {
					_ = resp.Body.Close()
				}
				if failed := err != nil; failed != (answer == nil || path != "/resource") {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	})
}
