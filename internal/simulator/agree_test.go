package simulator_test

import (
	"reflect"
	"strings"
	"testing"
)

// bodies are requests of every sort, in the words of a login.
var bodies = []string{
	``, ` `, `null`, `42`, `"text"`, `[]`, `{}`, `{`, `not json`, `{"username":"zbeeblebrox"}`, `{"password":"IMgr8"}`,
	`{"username":"zbeeblebrox","password":"IMgr8"}`,
	`{"username":"zbeeblebrox","password":"IMgr8","more":[1,{"a":null}]}`,
	`{"username":"zbeeblebrox","password":"IMgr8"}{}`, `{"username":"zbeeblebrox","password":"IMgr8"} garbage`,
	`{"username":"zbeeblebrox","password":null}`, `{"username":null,"password":"IMgr8"}`,
	`{"username":"zbeeblebrox","password":42}`, `{"username":["zbeeblebrox"],"password":"IMgr8"}`,
	`{"username":"","password":"IMgr8"}`, `{"username":"zbeeblebrox","password":""}`,
	`{"username":"zbeeblebrox","password":"a'b"}`, `{"username":"zbee<","password":"x"}`, `{"username":"zbeeblebrox","password":"\\"}`,
	`{"username":"zbeeblebrox","password":"\u0027"}`, `{"username":"zbeeblebrox","password":"\n"}`,
	`{"Username":"zbeeblebrox","Password":"IMgr8"}`,
	`{"username":"zbeeblebrox","password":"IMgr8","PASSWORD":"wrong"}`,
	`{"username":"zbeeblebrox","password":"IMgr8","Username":"nobody"}`,
	`{"username":"zbeeblebrox","password":"Пароль"}`, "{\"username\":\"zbeeblebrox\",\"password\":\"\xff\"}",
	"\ufeff" + `{"username":"zbeeblebrox","password":"IMgr8"}`,
	`{"username":"zbeeblebrox","password":"` + strings.Repeat("x", 100_000) + `"}`,
}

// contentTypes go with them; "-" is none.
var contentTypes = []string{"application/json", "Application/JSON; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "-", "application/problem+json"}

// TestModelAndContractAgreeOnWhatARequestIs: what the validator refuses the model refuses by itself,
// and what the validator lets through the model reads.
func TestModelAndContractAgreeOnWhatARequestIs(t *testing.T) {
	t.Parallel()
	both := skins(t)
	for _, body := range bodies {
		for _, kind := range contentTypes {
			for _, q := range []request{
				{method: "POST", path: loginPath, body: body},
				{method: "PUT", path: resetPath, body: strings.ReplaceAll(body, "assword", "ldPassword")},
				{method: "PUT", path: resetPath, body: strings.ReplaceAll(body, `"password"`, `"oldPassword"`)},
				{method: "POST", path: logoutPath, body: body},
			} {
				agree(t, both, q, kind)
			}
		}
	}
}

// FuzzModelAndContractAgree looks for a request on which they do not.
func FuzzModelAndContractAgree(f *testing.F) {
	for _, body := range bodies {
		f.Add(0, body, "application/json")
		f.Add(1, strings.ReplaceAll(body, `"password"`, `"oldPassword"`), "application/json")
	}
	for _, kind := range contentTypes {
		f.Add(0, login.body, kind)
	}
	var both map[string]*skin
	f.Fuzz(func(t *testing.T, endpoint int, body, kind string) {
		if strings.ContainsFunc(kind, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Skip("no header can hold this")
		}
		if both == nil {
			both = skins(t)
		}
		q := []request{{method: "POST", path: loginPath}, {method: "PUT", path: resetPath}, {method: "POST", path: logoutPath}}[uint(endpoint)%3]
		q.body = body
		agree(t, both, q, kind)
	})
}

// agree sends one request to both skins, each in a fresh state and logged in.
func agree(t *testing.T, both map[string]*skin, q request, kind string) {
	t.Helper()
	if kind == "" {
		kind = "-"
	}
	q.header = map[string]string{"Content-Type": kind}
	var answers []said
	before := both["simulator"].broken()
	for _, name := range []string{"sessiontest", "simulator"} {
		s := both[name]
		s.reset()
		s.bearer, s.token = "", ""
		s.send(t, fetch)
		s.send(t, login)
		answers = append(answers, s.send(t, q))
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		t.Errorf("%s %s, %s, %.80q:\nsessiontest %+v\n  simulator %+v", q.method, q.path, kind, q.body, answers[0], answers[1])
	}
	if answers[0].Status >= 500 {
		t.Errorf("%s %s, %s, %.80q: status %d", q.method, q.path, kind, q.body, answers[0].Status)
	}
	broken := both["simulator"].broken() > before
	empty := q.path == loginPath && q.body == "" // which the contract allows, and the platform refuses
	if refused := unreadable(answers[0]); refused != broken && !empty {
		t.Errorf("%s %s, %s, %.80q: broke the contract %t, but the model refused it %t: %+v",
			q.method, q.path, kind, q.body, broken, refused, answers[0])
	}
}

// unreadable reports that the platform refused to look at a request.
func unreadable(a said) bool {
	object, _ := a.Body.(map[string]any)
	code, _ := object["errorCode"].(string)
	for _, c := range []string{"DeserializationFailed", "RequestUndefined", "InvalidCharacter", "UnexpectedError"} {
		if strings.HasSuffix(code, c) {
			return true
		}
	}
	return false
}
