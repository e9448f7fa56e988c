package session_test

import (
	"fmt"
	"net/http"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// atOnce answers requests for resources with the same response always, without an allocation of its own.
type atOnce struct {
	platform http.RoundTripper
	path     string
	response http.Response
}

func (a *atOnce) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == a.path {
		return &a.response, nil
	}
	return a.platform.RoundTrip(req)
}

// warm is a client that has both tokens, and a request with so many headers of its own.
func warm(t *testing.T, headers int) (*session.Client, *http.Request) {
	t.Helper()
	p := sessiontest.New(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/"+p.Account(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := range headers {
		req.Header.Set(fmt.Sprintf("X-Caller-%d", i), "a value")
	}
	cfg := p.Config()
	cfg.Transport = &atOnce{platform: p.Transport(), path: req.URL.Path, response: http.Response{StatusCode: http.StatusOK, Body: http.NoBody}}
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	return c, req
}

func TestG8AnAuthenticatedRequestCostsThreeAllocations(t *testing.T) {
	for headers := range 7 {
		t.Run(fmt.Sprintf("headers=%d", headers), func(t *testing.T) {
			c, req := warm(t, headers)
			n := testing.AllocsPerRun(1000, func() {
				if resp, err := c.RoundTrip(req); err != nil || resp.StatusCode != http.StatusOK {
					t.Fatal("the request failed: ", err)
				}
			})
			if n > 3 {
				t.Errorf("%v allocations, want 3 at most", n)
			}
		})
	}
}

func TestG8ACachedTokenCostsNoAllocation(t *testing.T) {
	c, _ := warm(t, 0)
	n := testing.AllocsPerRun(1000, func() {
		if _, err := c.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
