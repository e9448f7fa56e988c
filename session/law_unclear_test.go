package session_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// unauthorized says 401 to every request for a resource, and nothing of why.
var unauthorized = sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Status, Status: http.StatusUnauthorized}

func TestAnUnclear401DoesNotCostTheSessionInHand(t *testing.T) {
	virtually(t, func(t *testing.T) {
		store := storetest.NewFaulty(session.NewMemoryStore())
		p := sessiontest.New(t, sessiontest.WithStore(store))
		c := p.Client(t)
		mustGet(t, c, p)
		time.Sleep(2 * time.Second)
		defer store.Inject(storetest.Fault{Times: -1})()
		f := p.Inject(unauthorized)
		if status, _ := get(t, c, p); status != http.StatusUnauthorized {
			t.Errorf("status %d, want the platform's answer", status)
		}
		f.Remove()
		mustGet(t, c, p) // with the session in hand
	})
}

func TestProcessesThatAreAlwaysTold401DoNotLogInOneAfterAnother(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		p.Inject(unauthorized)
		for range 60 {
			c := p.Client(t) // as a command is started anew for every request
			if status, _ := get(t, c, p); status != http.StatusUnauthorized {
				t.Errorf("status %d, want the platform's answer", status)
			}
			_ = c.Close()
			time.Sleep(10 * time.Second)
		}
		if n := p.Counters().Logins; n > 3 {
			t.Errorf("%d logins in ten minutes", n)
		}
	})
}

func TestAPathThatAlwaysSays401DoesNotLogInForEver(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.Transport = through{p.Transport(), func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/forbidden") {
				return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody}, nil
			}
			return next.RoundTrip(req)
		}}
		c := mustClient(t, cfg)
		for range 100 {
			mustGet(t, c, p)
			resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/forbidden")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			time.Sleep(time.Second)
		}
		if n := p.Counters().Logins; n > 2 {
			t.Errorf("%d logins in 100 seconds", n)
		}
	})
}

func TestRefusalsOfStreamsDoNotAskForABearerEachTime(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		p.Inject(unauthorized)
		for range 50 {
			req, err := http.NewRequest(http.MethodPost, p.BaseURL()+"/m2m/v1/x", io.MultiReader(strings.NewReader("x")))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.HTTPClient().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		if n := p.Counters().OAuth; n > 2 {
			t.Errorf("%d OAuth2 calls for 50 refusals at once", n)
		}
	})
}
