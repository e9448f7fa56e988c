package platform

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// application is what the gateway knows of an OAuth2 client: its one bearer of the hour.
type application struct {
	secret  string
	token   string
	expires time.Time
}

// AcceptsBearer reports whether the gateway lets a value of the header Authorization through.
func (p *Platform) AcceptsBearer(authorization string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checkBearer(authorization) == ""
}

// checkBearer returns the code of the fault, "" if the bearer is good.
func (p *Platform) checkBearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return faultMissingBearer
	}
	now := p.now()
	for _, a := range p.apps {
		if a.token == token && now.Before(a.expires) {
			return ""
		}
	}
	return faultInvalidBearer // an expired one cannot be told from a wrong one (documented)
}

// issue answers the token endpoint: the same token for everybody within its hour (documented).
func (p *Platform) issue(r *http.Request) Answer {
	app, refusal := p.client(r)
	if refusal != nil {
		return *refusal
	}
	form := formOf(r)
	if form.Get("grant_type") != "client_credentials" && r.URL.Query().Get("grant_type") != "client_credentials" {
		return answerJSON(http.StatusBadRequest, oauthError{"invalid_request", "Missing grant_type parameter value"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if app.token == "" || !now.Before(app.expires) || p.switches.FreshBearers {
		app.token = hex.EncodeToString(p.random(16))
		app.expires = now.Add(p.switches.BearerLifetime)
		p.counters.BearersIssued++
	}
	p.counters.BearersServed++
	body := map[string]any{"access_token": app.token, "token_type": "Bearer", "scope": "default"}
	switch {
	case p.switches.OmitExpiresIn:
	case p.switches.ZeroExpiresIn:
		body["expires_in"] = 0
	default:
		body["expires_in"] = int(app.expires.Sub(now) / time.Second)
	}
	a := answerJSON(http.StatusOK, body)
	a.Header.Set("Cache-Control", "no-store")
	if p.switches.Cookies {
		a.Header["Set-Cookie"] = []string{
			"ts-web-ingress-route=" + hex.EncodeToString(p.random(8)) + "; Path=/; Secure; HttpOnly",
			`token="bearer ` + app.token + `"; Path=/; Secure`,
		}
	}
	return a
}

// revoke takes the bearer away from everybody (documented). Its answer has no body; the name of the
// header that repeats the token is that of the gateway's product.
func (p *Platform) revoke(r *http.Request) Answer {
	app, refusal := p.client(r)
	if refusal != nil {
		return *refusal
	}
	token := formOf(r).Get("token")
	if token == "" {
		return answerJSON(http.StatusBadRequest, oauthError{"invalid_request", "Missing token parameter value"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if app.token == token {
		app.token = ""
	}
	return Answer{Status: http.StatusOK, Header: http.Header{"Revokedaccesstoken": {token}}}
}

// client checks key and secret.
func (p *Platform) client(r *http.Request) (*application, *Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, secret, ok := r.BasicAuth()
	if !ok {
		a := p.fault(r, http.StatusUnauthorized, faultMissingBearer) // documented for a missing Basic header too
		return nil, &a
	}
	app := p.apps[key]
	if app == nil || app.secret != secret {
		p.counters.ClientsRefused++
		a := answerJSON(http.StatusUnauthorized, oauthError{"invalid_client", "Client Authentication failed."})
		return nil, &a
	}
	return app, nil
}

// mediaType is what a body is said to be, whatever the parameters are: also if they are malformed
// (invented, as everything about how strictly the platform reads a header).
func mediaType(r *http.Request) string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func formOf(r *http.Request) url.Values {
	if mediaType(r) != "application/x-www-form-urlencoded" {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return form
}

// fault is a gateway fault in the form that is switched on.
func (p *Platform) fault(r *http.Request, status int, code string) Answer {
	return fault(p.switches.FaultForm, r.Header.Get("Accept"), status, code)
}

func (p *Platform) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.options.Random, b); err != nil {
		panic("platform: no randomness: " + err.Error())
	}
	return b
}

// fields reads a JSON object of strings as the platform does: names are compared exactly, unknown
// ones are ignored, and everything that is asked for must be there.
func fields(r *http.Request, names ...string) ([]string, *Refusal) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bad(codeDeserialization)
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, bad(codeRequestUndefined)
	}
	if mediaType(r) != typeJSON {
		return nil, bad(codeDeserialization)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return nil, bad(codeDeserialization)
	}
	values := make([]string, len(names))
	for i, name := range names {
		var value *string
		if json.Unmarshal(object[name], &value) != nil || value == nil {
			return nil, bad(codeDeserialization)
		}
		values[i] = *value
	}
	return values, nil
}
