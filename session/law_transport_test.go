package session_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestG3RequestsSurviveAnExpiredSessionAndAnExpiredBearer(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		p.ExpireSessions()
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 2 || n.OAuth != 1 {
			t.Errorf("after an expired session %d logins and %d OAuth calls, want 2 and 1", n.Logins, n.OAuth)
		}
		p.ExpireBearers()
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 2 || n.OAuth != 2 {
			t.Errorf("after an expired bearer %d logins and %d OAuth calls, want 2 and 2", n.Logins, n.OAuth)
		}
		p.ExpireSessions()
		p.ExpireBearers()
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 3 || n.OAuth != 3 {
			t.Errorf("after both %d logins and %d OAuth calls, want 3 and 3", n.Logins, n.OAuth)
		}
	})
}

func TestADayOfUseTakesOneLogin(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		for range 24 * 4 {
			mustGet(t, c, p)
			time.Sleep(15 * time.Minute)
		}
		n := p.Counters()
		if n.Logins != 1 || n.SessionsRefused != 0 || n.BearersRefused != 0 {
			t.Errorf("%d logins, %d refused sessions, %d refused bearers; want 1, 0, 0", n.Logins, n.SessionsRefused, n.BearersRefused)
		}
		if n.OAuth > 26 {
			t.Errorf("%d OAuth calls in a day, want about one an hour", n.OAuth)
		}
	})
}

func TestAnIdleSessionIsRenewedBeforeSending(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		time.Sleep(21 * time.Minute)
		mustGet(t, c, p)
		if n := p.Counters(); n.SessionsRefused != 0 || n.Logins != 2 {
			t.Errorf("%d refused sessions, %d logins; want 0, 2", n.SessionsRefused, n.Logins)
		}
	})
}

func TestUseByOneProcessKeepsTheSessionForAll(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		busy, idle := p.Client(t), p.Client(t)
		mustGet(t, idle, p)
		for range 30 {
			mustGet(t, busy, p)
			time.Sleep(2 * time.Minute)
		}
		mustGet(t, idle, p)
		if n := p.Counters(); n.Logins != 1 || n.SessionsRefused != 0 {
			t.Errorf("%d logins, %d refused sessions; want 1, 0", n.Logins, n.SessionsRefused)
		}
	})
}

// once is a body that cannot be produced again.
type once struct {
	io.Reader
	closed *atomic.Int32
}

func (o once) Close() error { o.closed.Add(1); return nil }

func TestAStreamingBodyIsNeverSentTwiceAndTheNextRequestWorks(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		p.ExpireSessions()
		var closed atomic.Int32
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.BaseURL()+"/m2m/v1/devices/actions/list", once{strings.NewReader(`{"a":1}`), &closed})
		before := p.Counters().Resources
		resp, err := c.HTTPClient().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 400 || !strings.Contains(string(body), "SessionToken") {
			t.Errorf("status %d, body %s; want the platform's own answer", resp.StatusCode, body)
		}
		if n := p.Counters(); n.Resources != before+1 {
			t.Errorf("%d requests were sent, want 1", n.Resources-before)
		}
		if closed.Load() == 0 {
			t.Error("the body was not closed")
		}
		mustGet(t, c, p)
		if n := p.Counters(); n.SessionsRefused != 1 {
			t.Errorf("%d refused sessions, want 1: the next request must renew first", n.SessionsRefused)
		}
	})
}

func TestABodyThatCanBeProducedAgainIsReplayedWhole(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		for _, expire := range []func(){p.ExpireSessions, p.ExpireBearers} {
			expire()
			resp, err := c.HTTPClient().Post(p.BaseURL()+"/m2m/v1/devices/actions/list", "application/json", strings.NewReader(`{"filter":"all"}`))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != 200 || !strings.Contains(string(body), "16") {
				t.Errorf("status %d, body %s; want 200 and 16 bytes received", resp.StatusCode, body)
			}
		}
	})
}

func TestG3ATokenThatIsStillRefusedIsReplayedOnceAndTheAnswerHandedOut(t *testing.T) {
	tests := []struct {
		name   string
		fault  sessiontest.Fault
		status int
		sent   int // requests for one call, the first time
	}{
		{"session", sessiontest.Fault{Kind: sessiontest.SessionToken}, 400, 2},
		{"bearer", sessiontest.Fault{Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyFault, Code: "900901"}, 401, 2},
		{"bare 401", sessiontest.Fault{Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyEmpty}, 401, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t)
				c := p.Client(t)
				mustGet(t, c, p)
				time.Sleep(10 * time.Minute) // for a bare 401 a session that is new is not doubted
				tt.fault.On = []sessiontest.Endpoint{sessiontest.Resource}
				p.Inject(tt.fault)
				before := p.Counters()
				status, _ := get(t, c, p)
				after := p.Counters()
				if status != tt.status || after.Resources-before.Resources != tt.sent {
					t.Errorf("status %d after %d requests, want %d after %d", status, after.Resources-before.Resources, tt.status, tt.sent)
				}
				if after.Logins-before.Logins > 1 {
					t.Errorf("%d logins", after.Logins-before.Logins)
				}
				// However often it is asked, logins do not follow one another without end.
				for range 100 {
					_, _ = c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
				}
				if n := p.Counters().Logins - before.Logins; n > 12 {
					t.Errorf("%d logins for a hundred refusals", n)
				}
			})
		})
	}
}

func TestOnlyTheTokenThatWasRefusedIsRenewed(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		for _, f := range []sessiontest.Fault{
			{Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyPlatform, Code: "REQUEST_FAILED.AccountNotFound"},
			{Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyContent, Content: `{"errorCode":"UnifiedWebService.REQUEST_FAILED.X","errorMessage":"REQUEST_FAILED.SessionToken.Expired"}`},
			{Kind: sessiontest.Status, Status: 403, Body: sessiontest.BodyXML},
			{Kind: sessiontest.Status, Status: 500, Body: sessiontest.BodyHTML},
			{Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyEmpty},
			{Kind: sessiontest.Status, Status: 429, RetryAfter: "1"},
		} {
			f.On, f.Times = []sessiontest.Endpoint{sessiontest.Resource}, 1
			p.Inject(f)
			if status, _ := get(t, c, p); status != f.Status {
				t.Errorf("status %d, want %d handed through", status, f.Status)
			}
		}
		if n := p.Counters(); n.Logins != 1 || n.OAuth != 1 || n.Resources != 7 {
			t.Errorf("%d logins, %d OAuth calls, %d requests; want 1, 1, 7", n.Logins, n.OAuth, n.Resources)
		}
	})
}

func TestTheBodyOfAnErrorIsPutBack(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		content := `{"errorCode":"UnifiedWebService.REQUEST_FAILED.X","errorMessage":"` + strings.Repeat("SessionToken ", 10_000) + `"}`
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyContent, Content: content})
		if status, body := get(t, c, p); status != 400 || body != content {
			t.Errorf("status %d, %d bytes of body; want 400 and the same %d bytes", status, len(body), len(content))
		}
	})
}

// gzipped answers with a compressed refusal of the session, whatever the client asked for.
type gzipped struct {
	next  http.RoundTripper
	times atomic.Int32
}

func (g *gzipped) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.Contains(req.URL.Path, "/accounts/") || g.times.Add(-1) < 0 {
		return g.next.RoundTrip(req)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(`{"errorCode":"UnifiedWebService.REQUEST_FAILED.SessionToken.Expired","errorMessage":"The Session has expired."}`))
	_ = w.Close()
	return &http.Response{
		StatusCode: 400, Header: http.Header{"Content-Encoding": {"gzip"}}, ContentLength: int64(packed.Len()),
		Body: io.NopCloser(&packed), Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func TestACompressedRefusalIsUnderstood(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		g := &gzipped{next: cfg.Transport}
		cfg.Transport = g
		c := mustClient(t, cfg)
		mustGet(t, c, p)
		g.times.Store(1)
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 2 {
			t.Errorf("%d logins, want 2", n.Logins)
		}
	})
}

// endless answers with a refusal whose body goes on for ever and counts what is read of it.
type endless struct {
	next http.RoundTripper
	read atomic.Int64
}

func (e *endless) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.Contains(req.URL.Path, "/accounts/") {
		return e.next.RoundTrip(req)
	}
	return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(e), Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

func TestG7OfAnErrorsBodyFourKiBAreLookedAt(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		e := &endless{next: cfg.Transport}
		cfg.Transport = e
		resp, err := mustClient(t, cfg).HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if n := e.read.Load(); n == 0 || n > 4<<10 {
			t.Errorf("%d bytes were read before the answer was handed out, want 4096 at most", n)
		}
	})
}

// rude looks at what a RoundTripper is given and changes it, as it must not.
type rude struct {
	next http.RoundTripper
	saw  func(*http.Request)
}

func (r rude) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.saw != nil {
		r.saw(req)
	}
	if req.Header.Get("Authorization") != "" {
		req.Header.Add("Vz-M2m-Token", "spoilt")
		defer req.Header.Add("X-Spoilt", "1")
		req.Header["Vz-M2m-Token"] = req.Header["Vz-M2m-Token"][:1]
	}
	return r.next.RoundTrip(req)
}

func TestTheCallersRequestIsUnchangedAndTheResponseHoldsNoToken(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.Transport = rude{next: cfg.Transport}
		c := mustClient(t, cfg)
		token := mustToken(t, c)
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/"+p.Account(), nil)
		req.Header["X-Mine"] = []string{"1"}
		req.Header["VZ-M2M-Token"] = []string{"mine"}
		req.Header["authorization"] = []string{"mine"}
		before := fmt.Sprint(req.Header)
		for range 3 {
			resp, err := c.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("status %d: a header of the caller's own spelling was sent beside ours", resp.StatusCode)
			}
			if resp.Request != req {
				t.Error("resp.Request is not the caller's request")
			}
			if s := fmt.Sprintf("%+v %+v", resp, resp.Request); strings.Contains(s, token.Reveal()) {
				t.Error("the response prints the session token")
			}
		}
		if after := fmt.Sprint(req.Header); after != before {
			t.Errorf("the request's header changed from %s to %s", before, after)
		}
	})
}

func TestG6CredentialsGoToTheOriginOnly(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		sent := 0
		cfg.Transport = rude{next: cfg.Transport, saw: func(*http.Request) { sent++ }}
		c := mustClient(t, cfg)
		mustToken(t, c)
		sent = 0
		for _, url := range []string{
			"https://evil.example/api/m2m/v1/x", "http://sessiontest.invalid/api/m2m/v1/x", "https://sessiontest.invalid:444/api/m2m/v1/x",
			"https://sessiontest.invalid.evil.example/api/m2m/v1/x", "https://user@evil.example/api", "//evil.example/api",
		} {
			var closed atomic.Int32
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, once{strings.NewReader("x"), &closed})
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.RoundTrip(req)
			wantIs(t, err, session.ErrForeignHost)
			if text := err.Error(); !strings.Contains(text, "evil.example") && !strings.Contains(text, "sessiontest.invalid") ||
				!strings.HasSuffix(text, "and the base URL is "+p.BaseURL()) || strings.Contains(text, "user@") {
				t.Errorf("%s: the error does not name both ends, or more: %s", url, text)
			}
			if resp != nil {
				t.Error("a response beside the error")
			}
			if closed.Load() == 0 {
				t.Errorf("%s: the body was not closed", url)
			}
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.BaseURL()+"/m2m/v1/x", nil)
		req.Host = "evil.example"
		_, err := c.RoundTrip(req)
		wantIs(t, err, session.ErrForeignHost)
		for _, path := range []string{
			"/m2m/v1/session/login", "/m2m/v1/session/logout", "/m2m/v1/session/password/actions/reset", "/m2m/v1/./session//login/",
			"/m2m/v1/x/../session/login", "/m2m/v1/%73ession/login", "/m2m/v1/%2573ession/login", "/M2M/V1/SESSION/LOGIN", "/m2m/v1/session;x=1/login", `/m2m/v1/session\login`, "/m2m/v1/session%2Flogin",
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.BaseURL()+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.RoundTrip(req)
			if !errors.Is(err, session.ErrSessionEndpoint) {
				t.Errorf("%s: error %v, want ErrSessionEndpoint", path, err)
			}
		}
		if sent != 0 {
			t.Errorf("%d requests were sent", sent)
		}
	})
}

func TestG6RedirectsAreHandedBack(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		for status := 301; status <= 308; status++ {
			if status >= 304 && status <= 306 {
				continue
			}
			p.ClearFaults()
			p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Redirect, Status: status, Location: "https://evil.example/"})
			if got, _ := get(t, c, p); got != status {
				t.Errorf("status %d, want the %d itself", got, status)
			}
		}
	})
}

func TestErrorsOfTheTransportAreHandedThrough(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		mustGet(t, c, p)
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Drop, Times: 1})
		if _, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account()); err == nil {
			t.Error("no error for a dropped connection")
		}
		p.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.StallHeaders, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/"+p.Account(), nil)
		if _, err := c.HTTPClient().Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline", err)
		}
		mustGet(t, c, p)
		if n := p.Counters(); n.Logins != 1 {
			t.Errorf("%d logins, want 1", n.Logins)
		}
	})
}

func TestAHookKnowsOtherFamiliesExpiry(t *testing.T) {
	for _, shape := range []sessiontest.ExpiryShape{sessiontest.ExpiryLocation, sessiontest.ExpiryCloudConnector} {
		t.Run(string(shape), func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				p := sessiontest.New(t, sessiontest.WithSwitches(func(s *sessiontest.Switches) { s.ResourceExpiry = shape }))
				cfg := p.Config()
				cfg.SessionExpired = func(status int, body []byte) bool {
					return bytes.Contains(body, []byte("UWS verification failure")) || bytes.Contains(body, []byte("UWS V1 REST accounts: [400]"))
				}
				c := mustClient(t, cfg)
				mustGet(t, c, p)
				p.ExpireSessions()
				mustGet(t, c, p)
				if n := p.Counters(); n.Logins != 2 || n.OAuth != 1 {
					t.Errorf("%d logins, %d OAuth calls; want 2, 1", n.Logins, n.OAuth)
				}
			})
		})
	}
}

func TestAHookThatPanicsHasSaidNothing(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		cfg := p.Config()
		cfg.SessionExpired = func(int, []byte) bool { panic("a bug in the hook") }
		c := mustClient(t, cfg)
		resp, err := c.HTTPClient().Get(p.BaseURL() + "/nowhere")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode < 400 || p.Counters().Logins != 1 {
			t.Errorf("status %d, %d logins", resp.StatusCode, p.Counters().Logins)
		}
	})
}
