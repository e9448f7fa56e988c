package platform

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func (w *world) inject(f Fault) int {
	w.Helper()
	id, err := w.Inject(f)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func TestAFaultSkipsAndEnds(t *testing.T) {
	w := ready(t)
	w.inject(Fault{On: []Endpoint{Resource}, Kind: Status, Status: 503, Skip: 2, Times: 2})
	var got []int
	for range 6 {
		got = append(got, w.use().Code)
		w.expect(w.login(testUser, testPass), 200, "")
	}
	want := []int{200, 200, 503, 503, 200, 200}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("statuses %v, want %v", got, want)
		}
	}
	if rules := w.Faults(); len(rules) != 1 || rules[0].Hits != 2 || w.Counters().FaultsInjected != 2 {
		t.Errorf("rules %+v", rules)
	}
}

func TestTheFirstFaultThatIsDueTakesTheRequest(t *testing.T) {
	w := ready(t)
	first := w.inject(Fault{Kind: Status, Status: 502, Times: 1})
	w.inject(Fault{Kind: Status, Status: 503})
	if a, b := w.use().Code, w.use().Code; a != 502 || b != 503 {
		t.Errorf("statuses %d and %d", a, b)
	}
	if !w.RemoveFault(first) || w.RemoveFault(first) {
		t.Error("a fault is removed once")
	}
	w.ClearFaults()
	w.expect(w.use(), 200, "")
}

func TestWhatIsActedUpon(t *testing.T) {
	for kind, acts := range kinds {
		if kind.Unsent() || kind == Slow || kind == Late || kind == Drop || kind == StallHeaders || kind == StallBody || kind == Truncate {
			continue // these need a connection: see package sessiontest
		}
		for _, acted := range []bool{false, true} {
			w := ready(t)
			w.inject(Fault{Kind: kind, Acted: acted, Location: "https://elsewhere.invalid/", Size: 100})
			w.login(testUser, "wrong")
			if got, want := w.Counters().Strikes == 1, acts == actsAlways || acted; got != want {
				t.Errorf("%s, acted %t: a strike %t, want %t", kind, acted, got, want)
			}
		}
	}
}

func TestStatusFaultsHaveTheBodiesThatOccur(t *testing.T) {
	for body, want := range map[Body]struct{ kind, text string }{
		"":            {"application/json", `{"fault":{"code":"101503"`},
		BodyFault:     {"application/json", `{"fault":{"code":"101503"`},
		BodyNumber:    {"application/json", `{"fault":{"code":101503`},
		BodyUnwrapped: {"application/json", `{"code":"101503"`},
		BodyXML:       {"application/xml", `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>101503<`},
		BodyPlatform:  {"application/json", `{"errorCode":"UnifiedWebService.REQUEST_FAILED.UnexpectedError"`},
		BodyOAuth:     {"application/json", `{"error":"invalid_request"`},
		BodyHTML:      {"text/html", "<!DOCTYPE html>"},
		BodyEmpty:     {"", ""},
		BodyContent:   {"text/plain", "nonsense"},
	} {
		w := ready(t)
		w.inject(Fault{Kind: Status, Status: 503, Body: body, Content: "nonsense", ContentType: "text/plain", RetryAfter: "30"})
		r := w.use()
		if r.Code != 503 || !strings.HasPrefix(r.Body.String(), want.text) || r.Header().Get("Content-Type") != want.kind || r.Header().Get("Retry-After") != "30" {
			t.Errorf("%q: %d %s %s", body, r.Code, r.Header(), r.Body)
		}
	}
}

func TestStatusFaultsHaveTheCodeThatFits(t *testing.T) {
	for status, code := range map[int]string{400: "900906", 401: "900901", 403: "900908", 404: "404", 429: "900800", 500: "101503"} {
		w := ready(t)
		w.inject(Fault{Kind: Status, Status: status})
		w.expect(w.use(), status, code)
		w.ClearFaults()
		w.inject(Fault{Kind: Status, Status: status, Code: "303001"})
		w.expect(w.use(), status, "303001")
	}
}

func TestDistortedAnswersAreWhatTheySay(t *testing.T) {
	said := func(kind Kind) (string, map[string]any) {
		w := ready(t)
		w.inject(Fault{Kind: kind})
		r := w.login(testUser, testPass)
		if r.Code != 200 {
			t.Errorf("%s: status %d", kind, r.Code)
		}
		var body map[string]any
		_ = json.Unmarshal(r.Body.Bytes(), &body)
		return r.Body.String(), body
	}
	if _, body := said(WrongTypes); body["sessionToken"] != 42.0 {
		t.Errorf("wrong types: %v", body)
	}
	if text, body := said(DuplicateKeys); strings.Count(text, "sessionToken") != 2 || body["sessionToken"] == "duplicate" {
		t.Errorf("duplicate keys: %s", text)
	}
	if text, _ := said(InvalidUTF8); !strings.Contains(text, "\xff\xfe\"") {
		t.Errorf("invalid UTF-8: %s", text)
	}
	if text, body := said(TrailingGarbage); body != nil || !strings.HasPrefix(text, `{"sessionToken":"`) {
		t.Errorf("trailing garbage: %s", text)
	}
	if text, body := said(WrongLength); body != nil || text == "" {
		t.Errorf("wrong length: %s", text)
	}
	if text, body := said(Empty); text != "" || body != nil {
		t.Errorf("empty: %s", text)
	}
}

func TestAHugeAnswerHoldsTheRealOneIfItActed(t *testing.T) {
	w := ready(t)
	w.inject(Fault{Kind: Huge, Size: 1 << 20, Acted: true})
	r := w.reset(testPass)
	var body map[string]string
	if err := json.Unmarshal(r.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if r.Body.Len() < 1<<20 || body["newPassword"] != w.Password(testUser) {
		t.Errorf("%d bytes, password told %t", r.Body.Len(), body["newPassword"] != "")
	}
}

func TestEchoQuotesWhatWasReceived(t *testing.T) {
	w := ready(t)
	w.inject(Fault{Kind: Echo})
	r := w.login(testUser, "a-wrong-password")
	if r.Code != 400 || !strings.Contains(r.Body.String(), "a-wrong-password") || !strings.Contains(r.Body.String(), w.bearer) {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	if r := w.fetch(); !strings.Contains(r.Body.String(), testSecret) {
		t.Errorf("%s", r.Body)
	}
}

func TestRedirectsAndSessionCodes(t *testing.T) {
	w := ready(t)
	w.inject(Fault{On: []Endpoint{Login}, Kind: Redirect, Status: http.StatusPermanentRedirect, Location: "https://elsewhere.invalid/x"})
	if r := w.login(testUser, testPass); r.Code != 308 || r.Header().Get("Location") != "https://elsewhere.invalid/x" {
		t.Errorf("%d %v", r.Code, r.Header())
	}
	w.inject(Fault{On: []Endpoint{Resource}, Kind: SessionToken})
	w.expect(w.use(), 400, codeTokenExpired)
}

func TestSenselessFaultsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]Fault{
		"no kind":      {},
		"unknown kind": {Kind: "flood"},
		"endpoint":     {Kind: Drop, On: []Endpoint{"everything"}},
		"skip":         {Kind: Drop, Skip: -1},
		"times":        {Kind: Drop, Times: -1},
		"delay":        {Kind: Slow, Delay: -1},
		"no delay":     {Kind: Slow},
		"size":         {Kind: Huge, Size: maxSize + 1},
		"status":       {Kind: Status, Status: 99},
		"informal":     {Kind: Status, Status: 101},
		"acted":        {Kind: NoSuchHost, Acted: true},
		"no location":  {Kind: Redirect},
		"redirect":     {Kind: Redirect, Location: "/", Status: 200},
		"body":         {Kind: Status, Body: "poem"},
	} {
		if _, err := w.Inject(f); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for range maxRules {
		w.inject(Fault{Kind: Drop})
	}
	if _, err := w.Inject(Fault{Kind: Drop}); err == nil {
		t.Error("no end of rules")
	}
}
