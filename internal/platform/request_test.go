package platform

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestTheTokenEndpointWantsBasicAndGrant(t *testing.T) {
	w := newWorld(t)
	request := func(query string, form url.Values, kind string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/api/ts/v1/oauth2/token"+query, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", kind)
		return r
	}
	const encoded = "application/x-www-form-urlencoded"
	good := url.Values{"grant_type": {"client_credentials"}}

	w.expect(w.send(request("", good, encoded)), 401, "900902")

	wrong := request("", good, encoded)
	wrong.SetBasicAuth(testKey, "guess")
	w.expect(w.send(wrong), 401, "invalid_client")

	for _, r := range []*http.Request{
		request("", nil, encoded),
		request("", url.Values{"grant_type": {"password"}}, encoded),
		request("", good, "application/json"),
	} {
		r.SetBasicAuth(testKey, testSecret)
		w.expect(w.send(r), 400, "invalid_request")
	}
	query := request("?grant_type=client_credentials", nil, encoded) // observed to work
	query.SetBasicAuth(testKey, testSecret)
	w.expect(w.send(query), 200, "")

	get := httptest.NewRequest(http.MethodGet, "/api/ts/v1/oauth2/token", nil)
	w.expect(w.send(get), 405, "405")
}

func TestRevocationTakesTheBearerFromEverybody(t *testing.T) {
	w := ready(t)
	w.expect(w.use(), 200, "")
	r := httptest.NewRequest(http.MethodPost, "/api/ts/v1/oauth2/revoke", strings.NewReader("token="+w.bearer))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(testKey, testSecret)
	answer := w.send(r)
	if answer.Code != 200 || answer.Body.Len() != 0 || answer.Header().Get("RevokedAccessToken") != w.bearer {
		t.Errorf("status %d, %d bytes, header %v", answer.Code, answer.Body.Len(), answer.Header())
	}
	w.expect(w.use(), 401, "900901")
	old := w.bearer
	if w.fetch(); w.bearer == old {
		t.Error("the revoked bearer is handed out again")
	}
}

func TestTheGatewayComesBeforeTheSession(t *testing.T) {
	w := ready(t)
	w.bearer, w.token = "", "nonsense"
	for _, r := range []*httptest.ResponseRecorder{w.use(), w.logout(), w.reset(testPass), w.login(testUser, "wrong")} {
		w.expect(r, 401, "900902")
	}
	w.bearer = "nonsense"
	w.expect(w.login(testUser, "wrong"), 401, "900901")
	if n := w.Counters(); n.Strikes != 0 || n.BearersRefused != 5 {
		t.Errorf("%d strikes behind a closed gate, %d refused", n.Strikes, n.BearersRefused)
	}
}

func TestSessionTokensAreRefusedByCase(t *testing.T) {
	for name, tt := range map[string]struct{ token, code string }{
		"missing":   {"", codeTokenFormat},
		"no GUID":   {"bcce3ea6", codeTokenInvalid},
		"nil GUID":  {"00000000-0000-0000-0000-000000000000", codeTokenInvalid},
		"unknown":   {"bcce3ea6-fe4f-4952-bacf-eadd80718e83", codeTokenInvalid},
		"header ''": {" ", codeTokenFormat},
	} {
		t.Run(name, func(t *testing.T) {
			w := ready(t)
			w.token = strings.TrimSpace(tt.token)
			for _, r := range []*httptest.ResponseRecorder{w.use(), w.logout(), w.reset(testPass)} {
				w.expect(r, 400, tt.code)
			}
		})
	}
}

func TestARequestThatCannotBeReadIsNoStrike(t *testing.T) {
	for name, tt := range map[string]struct{ body, code string }{
		"empty":             {"", codeRequestUndefined},
		"blank":             {" \n", codeRequestUndefined},
		"no JSON":           {"username=zbeeblebrox", codeDeserialization},
		"cut off":           {`{"username":"zbee`, codeDeserialization},
		"array":             {`[]`, codeDeserialization},
		"null":              {`null`, codeDeserialization},
		"trailing":          {`{"username":"zbeeblebrox","password":"x"}{}`, codeDeserialization},
		"no password":       {`{"username":"zbeeblebrox"}`, codeDeserialization},
		"null password":     {`{"username":"zbeeblebrox","password":null}`, codeDeserialization},
		"number":            {`{"username":"zbeeblebrox","password":42}`, codeDeserialization},
		"other case":        {`{"Username":"zbeeblebrox","Password":"x"}`, codeDeserialization},
		"empty password":    {`{"username":"zbeeblebrox","password":""}`, codeUnexpected},
		"apostrophe":        {`{"username":"zbeeblebrox","password":"x'"}`, codeInvalidCharacter},
		"less than":         {`{"username":"zbeeble<brox","password":"<"}`, codeInvalidCharacter},
		"backslash":         {`{"username":"zbeeblebrox","password":"\\"}`, codeInvalidCharacter},
		"escaped less than": {`{"username":"zbeeblebrox","password":"\u003c"}`, codeInvalidCharacter},
	} {
		t.Run(name, func(t *testing.T) {
			w := ready(t)
			w.expect(w.call(http.MethodPost, LoginPath, tt.body), 400, tt.code)
			w.expect(w.call(http.MethodPut, ResetPath, strings.ReplaceAll(tt.body, "password", "oldPassword")), 400, tt.code)
			if n := w.Counters(); n.Strikes != 0 || n.LoginsRefused != 0 {
				t.Errorf("%d strikes, %d refused", n.Strikes, n.LoginsRefused)
			}
		})
	}
	w := ready(t)
	r := httptest.NewRequest(http.MethodPost, "/api"+LoginPath, strings.NewReader(`{"username":"zbeeblebrox","password":"x"}`))
	r.Header.Set("Authorization", "Bearer "+w.bearer)
	w.expect(w.send(r), 400, codeDeserialization) // without a content type
}

func TestUnknownMembersAndHeadersAreTolerated(t *testing.T) {
	w := ready(t)
	r := httptest.NewRequest(http.MethodPost, "/api"+LoginPath, strings.NewReader(`{"username":"zbeeblebrox","password":"IMgr8","more":{"a":[1]}}`))
	r.Header.Set("Authorization", "bearer "+w.bearer)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Idempotency-Key", "1")
	w.expect(w.send(r), 200, "")
	if got := w.Counters().UnknownHeaders; len(got) != 1 || got[0] != "Idempotency-Key" {
		t.Errorf("unknown headers %v", got)
	}
}

func TestOnlyWhatIsBelowM2MIsAResource(t *testing.T) {
	w := ready(t)
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/m2m/v1/devices/actions/list":       {200, ""},
		"/m2m/v2/anything":                   {200, ""},
		"/m2m/v1/accounts/0000123456-00001":  {200, ""},
		"/m2m/v1/accounts/9999999999-00001":  {400, codeAccountNotFound},
		"/m2m":                               {400, "900906"},
		"/ts/v1/oauth2/nothing":              {400, "900906"},
		"/other":                             {404, "404"},
		"":                                   {404, "404"},
		"/../m2m/v1/devices":                 {404, "404"},
		"/m2m/v1/x/../session//./login":      {405, "405"}, // found however it is written
		"/m2m/v1/session/login":              {405, "405"},
		"/m2m/v1/session/Login":              {200, ""}, // unless the paths are loose
		"/m2m/v1/session/password/actions":   {200, ""},
		"/m2m/v1/session/logout/../whatever": {200, ""},
	} {
		w.expect(w.call(http.MethodGet, path, ""), want.status, want.code)
	}
	w.switched(func(s *Switches) { s.LoosePaths = true })
	for _, path := range []string{"/m2m/v1/session/LOGIN", "/m2m/v1/session;a=b/login", "/m2m/v1/session%255clogin", "/m2m/v1/session%5clogin"} {
		w.expect(w.call(http.MethodGet, path, ""), 405, "405")
	}
}

func TestAResourceReadsTheWholeBody(t *testing.T) {
	w := ready(t)
	r := w.call(http.MethodPost, "/m2m/v1/devices/actions/list", strings.Repeat("x", 3<<20))
	if !strings.Contains(r.Body.String(), `"bodyLength":3145728`) {
		t.Errorf("%s", r.Body)
	}
	w.expect(w.call(http.MethodPost, LoginPath, strings.Repeat("x", 2<<20)), 413, "413")
}
