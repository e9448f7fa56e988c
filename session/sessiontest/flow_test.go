package sessiontest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// caller is a client without any cleverness: one method, one request.
type caller struct {
	t        *testing.T
	platform *sessiontest.Server
	bearer   string
	token    string
}

type reply struct {
	status int
	body   map[string]any
	raw    string
	header http.Header
}

func (c *caller) send(method, path, body string, header map[string]string) reply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.platform.BaseURL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := c.platform.Transport().RoundTrip(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: reading: %v", method, path, err)
	}
	r := reply{status: resp.StatusCode, raw: string(raw), header: resp.Header}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		if err := json.Unmarshal(raw, &r.body); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return r
}

func (c *caller) oauth() reply {
	c.t.Helper()
	req, _ := http.NewRequest(http.MethodPost, "http://x", nil)
	req.SetBasicAuth(sessiontest.DefaultKey, sessiontest.DefaultSecret)
	r := c.send(http.MethodPost, "/ts/v1/oauth2/token", url.Values{"grant_type": {"client_credentials"}}.Encode(), map[string]string{
		"Authorization": req.Header.Get("Authorization"), "Content-Type": "application/x-www-form-urlencoded",
	})
	c.bearer, _ = r.body["access_token"].(string)
	return r
}

func (c *caller) call(method, path, body string) reply {
	c.t.Helper()
	header := map[string]string{"Content-Type": "application/json"}
	if c.bearer != "" {
		header["Authorization"] = "Bearer " + c.bearer
	}
	if c.token != "" {
		header["VZ-M2M-Token"] = c.token
	}
	return c.send(method, path, body, header)
}

func (c *caller) login(password string) reply {
	c.t.Helper()
	r := c.call(http.MethodPost, "/m2m/v1/session/login", `{"username":"zbeeblebrox","password":"`+password+`"}`)
	if token, ok := r.body["sessionToken"].(string); ok {
		c.token = token
	}
	return r
}

func (c *caller) resource() reply { return c.call(http.MethodGet, "/m2m/v1/devices", "") }

func (c *caller) want(r reply, status int, code string) {
	c.t.Helper()
	got, _ := r.body["errorCode"].(string)
	if f, ok := r.body["fault"].(map[string]any); ok {
		got, _ = f["code"].(string)
	}
	if e, ok := r.body["error"].(string); ok {
		got = e
	}
	if r.status != status || strings.TrimPrefix(got, "UnifiedWebService.") != code {
		c.t.Errorf("status %d, code %q; want %d, %q", r.status, got, status, code)
	}
}

// start gives a caller that is logged in.
func start(t *testing.T, options ...sessiontest.Option) *caller {
	t.Helper()
	c := &caller{t: t, platform: sessiontest.New(t, options...)}
	c.want(c.oauth(), 200, "")
	c.want(c.login("IMgr8"), 200, "")
	return c
}

func TestASessionLivesTwentyMinutesFromItsLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t)
		for range 4 {
			time.Sleep(19*time.Minute + 59*time.Second)
			c.oauth()
			c.want(c.resource(), 200, "")
		}
		time.Sleep(20 * time.Minute)
		c.oauth()
		c.want(c.resource(), 400, "REQUEST_FAILED.SessionToken.Expired")
	})
}

func TestTheBearerOfTheHourIsEverybodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t)
		first := c.bearer
		time.Sleep(59*time.Minute + 30*time.Second)
		r := c.oauth()
		if c.bearer != first || r.body["expires_in"] != 30.0 {
			t.Errorf("another bearer, or expires_in = %v, want 30", r.body["expires_in"])
		}
		time.Sleep(30 * time.Second)
		c.want(c.resource(), 401, "900901")
		if c.oauth(); c.bearer == first {
			t.Error("the bearer outlived its hour")
		}
	})
}

func TestFiveConsecutiveFailuresLock(t *testing.T) {
	c := start(t)
	for range 4 {
		c.want(c.login("wrong"), 400, "INPUT_INVALID.Password.Invalid")
	}
	c.want(c.login("IMgr8"), 200, "")
	for range 5 {
		c.want(c.login("wrong"), 400, "INPUT_INVALID.Password.Invalid")
	}
	c.want(c.login("IMgr8"), 400, "REQUEST_FAILED.Account.Locked")
	if n := c.platform.Counters(); n.MaxStrikes != 5 || !n.Locked || n.Strikes != 5 || n.Lockouts != 1 {
		t.Errorf("%+v", n)
	}
	c.platform.Unlock()
	c.want(c.login("IMgr8"), 200, "")
}

func TestAResetMakesAPasswordAtOnce(t *testing.T) {
	c := start(t)
	r := c.call(http.MethodPut, "/m2m/v1/session/password/actions/reset", `{"oldPassword":"IMgr8"}`)
	c.want(r, 200, "")
	made, _ := r.body["newPassword"].(string)
	if made == "" || made != c.platform.Password() {
		t.Fatal("the password of the answer is not in force")
	}
	c.want(c.login("IMgr8"), 400, "INPUT_INVALID.Password.Invalid")
	c.want(c.login(made), 200, "")
}

func TestALogoutEndsTheSession(t *testing.T) {
	c := start(t)
	r := c.call(http.MethodPost, "/m2m/v1/session/logout", "")
	if r.body["sessionToken"] != c.token {
		t.Error("the ended token is not repeated")
	}
	c.want(c.resource(), 400, "INPUT_INVALID.SessionToken.Invalid")
	c.want(c.call(http.MethodPost, "/m2m/v1/session/logout", ""), 400, "INPUT_INVALID.SessionToken.Invalid")
}
