package faultmatrix_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"iot.internal/thingspace/internal/faultmatrix"
	"iot.internal/thingspace/session/sessiontest"
)

// FuzzAnswer lets an endpoint answer anything: what holds of every fault must hold of every answer, a
// lie about a token or a password included.
func FuzzAnswer(f *testing.F) {
	for i, body := range []string{
		`{"access_token": "bcce3ea6-fe4f-4952-bacf-eadd80718e83", "scope": "am_application_scope default", "token_type": "Bearer", "expires_in": 3600}`,
		`{"sessionToken": "bcce3ea6-fe4f-4952-bacf-eadd80718e83"}`,
		`{"sessionToken": "a\r\nX-Injected: 1"}`,
		`{"newPassword": "Wh0a1545a84d"}`,
		`{"newPassword": ""}`,
		`{"errorCode": "UnifiedWebService.INPUT_INVALID.Password.Invalid", "errorMessage": "IMgr8"}`,
		`{"errorCode": "UnifiedWebService.REQUEST_FAILED.SessionToken.Expired", "errorMessage": ""}`,
		`{"fault": {"code": "900901", "message": "Invalid Credentials", "description": ""}}`,
		`{"code": 900800}`,
		`{"error": "invalid_client", "error_description": "b3c0d6de-58a4-4f0e-8f6b-92d7a1e4c520"}`,
		`<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>900908</am:code></am:fault>`,
		"<html>", "", "null", `[]`, "{\"sessionToken\":\"\xff\"}", `{"expires_in": -1, "access_token": "x"}`, `{"expires_in": 1e400, "access_token": "x"}`,
	} {
		f.Add(byte(i), uint16(200), body)
		f.Add(byte(i), uint16(400+i), body)
	}
	names := slices.Sorted(maps.Keys(faultmatrix.Operations))
	f.Fuzz(func(t *testing.T, which byte, status uint16, body string) {
		synctest.Test(t, func(t *testing.T) {
			o := faultmatrix.Strike(t, faultmatrix.Operations[names[int(which)%len(names)]], sessiontest.Fault{
				Kind: sessiontest.Status, Status: 200 + int(status)%400, Body: sessiontest.BodyContent, Content: body,
			})
			if o.Err != nil {
				if text := o.Err.Error(); len(text) > 1000 || strings.ContainsAny(text, "\r\n\x00") {
					t.Errorf("not a line: %q", text)
				}
			}
		})
	})
}
