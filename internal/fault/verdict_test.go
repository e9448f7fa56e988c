package fault_test

import (
	"testing"

	"iot.internal/thingspace/internal/fault"
)

func TestCodesThatBlameTheSession(t *testing.T) {
	for code, want := range map[string]bool{
		"UnifiedWebService.REQUEST_FAILED.SessionToken.Expired": true,
		"REQUEST_FAILED.SessionToken.Expired":                   true,
		"UnifiedWebService.REQUEST_FAILED.SessionToken.Format":  true,
		"UnifiedWebService.INPUT_INVALID.SessionToken.Invalid":  true,
		"DeviceService.REQUEST_FAILED.SessionToken.Expired":     true,
		"SessionToken.Expired":                                  true,
		"UnifiedWebService.SessionToken.Expired":                true,
		"REQUEST_FAILED.SessionToken":                           true,
		"REQUEST_FAILED.NotTheSessionToken.Expired":             false,
		"REQUEST_FAILED.SessionTokens.Expired":                  false,
		"REQUEST_FAILED.sessiontoken.Expired":                   false, // codes are stable across releases (documented)
		"REQUEST_FAILED.UnexpectedError":                        false,
		"INPUT_INVALID.Password.Invalid":                        false, // invented: no source for the code of a wrong password
	} {
		if got := parse(t, code, "m"); got.SessionToken() != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}

func TestMessageThatMentionsACodeBlamesNothing(t *testing.T) {
	for _, body := range []string{
		`{"errorCode":"REQUEST_FAILED.DeviceNotFound","errorMessage":"not UnifiedWebService.REQUEST_FAILED.SessionToken.Expired, nor REQUEST_FAILED.UnexpectedError"}`,
		`{"errorCode":"INPUT_INVALID.X","errorMessage":"m","detail":{"errorCode":"REQUEST_FAILED.SessionToken.Expired"}}`,
		`{"fault":{"code":"404","message":"900901","description":"REQUEST_FAILED.SessionToken.Expired 900901"}}`,
		`{"error":"invalid_request","error_description":"900901 REQUEST_FAILED.SessionToken.Expired"}`,
		`{"fault":{"code":"REQUEST_FAILED.SessionToken.Expired"}}`, `{"error":"REQUEST_FAILED.SessionToken.Expired"}`, `{"error":"REQUEST_FAILED.UnexpectedError"}`,
		`{"errorCode":"900901"}`, `{"errorCode":900800}`, `{"error":"900901"}`,
		`<fault><code>404</code><message>900901 REQUEST_FAILED.SessionToken.Expired</message></fault>`,
	} {
		f := fault.Parse([]byte(body))
		if f.SessionToken() || f.Unexpected() || f.NotEvaluated() || f.Bearer() || f.Kind == fault.None {
			t.Errorf("%s: %+v", body, f)
		}
	}
}

func TestUnexpectedErrorIsTheDocumentedCatchAll(t *testing.T) {
	for code, want := range map[string]bool{
		"UnifiedWebService.REQUEST_FAILED.UnexpectedError": true, "REQUEST_FAILED.UnexpectedError": true, "DeviceService.REQUEST_FAILED.UnexpectedError": true,
		"INPUT_INVALID.UnexpectedError": false, "REQUEST_FAILED.UnexpectedError.X": false, "UnexpectedError": false, "REQUEST_FAILED.UnexpectedErrors": false, "REQUEST_FAILED.AccountNotFound": false,
	} {
		if got := parse(t, code, "m"); got.Unexpected() != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}

func TestGatewayCodes(t *testing.T) {
	for code, want := range map[string]struct{ notEvaluated, bearer bool }{
		// Authentication.
		"900900": {true, true}, "900901": {true, true}, "900902": {true, true}, "900903": {true, true}, "900904": {true, true}, "900905": {true, true},
		"900906": {true, false}, "900907": {true, false}, "900908": {true, false}, "900909": {true, false}, "900910": {true, false},
		// Throttling.
		"900800": {true, false}, "900801": {true, false}, "900802": {true, false}, "900803": {true, false}, "900804": {true, false}, "900805": {true, false}, "900806": {true, false}, "900807": {true, false},
		// The gateway could not reach the service, or not hear it: nobody knows.
		"101500": {}, "101503": {}, "101504": {}, "303001": {}, "700700": {},
		"404": {}, "9009": {}, "90090": {}, "9009011": {}, "900700": {}, "901900": {}, "X900901": {},
	} {
		for _, body := range []string{
			`{"fault":{"code":"` + code + `"}}`, "<am:fault><am:code>" + code + "</am:code></am:fault>",
		} {
			f := fault.Parse([]byte(body))
			if f.Kind != fault.Gateway || f.NotEvaluated() != want.notEvaluated || f.Bearer() != want.bearer {
				t.Errorf("%s: %+v, not evaluated %v, bearer %v", body, f, f.NotEvaluated(), f.Bearer())
			}
			check(t, f)
		}
	}
	for _, kind := range []fault.Kind{fault.None, fault.M2M, fault.OAuth} {
		f := fault.Fault{Kind: kind, Code: "900901"}
		if f.NotEvaluated() || f.Bearer() {
			t.Errorf("%+v is taken for the gateway's", f)
		}
	}
	for _, kind := range []fault.Kind{fault.None, fault.Gateway, fault.OAuth} {
		session, unexpected := fault.Fault{Kind: kind, Code: "REQUEST_FAILED.SessionToken.Expired"}, fault.Fault{Kind: kind, Code: "REQUEST_FAILED.UnexpectedError"}
		if session.SessionToken() || unexpected.Unexpected() {
			t.Errorf("%+v is taken for the service's", session)
		}
	}
}
