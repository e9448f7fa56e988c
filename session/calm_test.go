package session

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// resources answers requests for resources, and nothing else.
type resources struct{ asked int }

func (r *resources) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.Contains(req.URL.Path, "/accounts/") {
		return nil, io.ErrUnexpectedEOF
	}
	r.asked++
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// calmClient is a client that has just sent a request with two good tokens.
func calmClient(t *testing.T) (c *Client, base *resources, ask func() error) {
	t.Helper()
	base = &resources{}
	c, err := New(Config{
		BaseURL: "https://thingspace.example/api", Application: Application{Key: "key", Secret: NewSecret("secret")},
		Credentials: StaticCredentials("zbeeblebrox", "IMgr8"), Store: NewMemoryStore(), Transport: base,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	id, err := c.identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.current.Store(makeSnapshot(
		&bearerPart{value: NewSecret("bearer"), expires: now.Add(time.Hour)},
		&sessionPart{account: id.account, token: newToken("token"), generation: 1, obtained: now.Add(-time.Hour), used: now, stored: now}))
	ask = func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://thingspace.example/api/m2m/v1/accounts/1", http.NoBody)
		if err != nil {
			return err
		}
		_, err = c.RoundTrip(req)
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if !c.current.Load().calm(c.elapsed()) {
		t.Fatal("a request has just gone well, and the next one will look at everything again")
	}
	return c, base, ask
}

// A suspension moves the wall clock alone: what it says is put into the snapshot instead.
func TestATokenThatLapsedInASuspensionIsNotSentForLongerThanASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, base, ask := calmClient(t)
		lapsed := *c.current.Load()
		lapsed.freshUntil = time.Now().Add(-time.Hour).UnixNano()
		lapsed.bearer = nil
		c.current.Store(&lapsed)
		time.Sleep(calm)
		if err := ask(); err == nil || base.asked != 1 {
			t.Errorf("%d requests were sent with what is dead by the wall clock, error %v", base.asked, err)
		}
	})
}

func TestCalmEndsWithTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ask := calmClient(t)
		snap := c.current.Load()
		c.publishBearer(&bearerPart{value: NewSecret("short"), expires: time.Now().Add(calm / 4)})
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		if next := c.current.Load(); next == snap || next.calmUntil > c.elapsed()+calm/4 {
			t.Errorf("with a bearer that lives for %v, nothing is looked at for %v", calm/4, next.calmUntil-c.elapsed())
		}
	})
}

func TestASuccessAtOnceEndsDistrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ask := calmClient(t)
		if !c.distrust() {
			t.Fatal("an old session is not doubted")
		}
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		if c.current.Load().distrusted {
			t.Error("a request went well, and the session is distrusted still")
		}
	})
}
