package fault_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"iot.internal/thingspace/internal/fault"
)

const (
	wso2Fault = `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>404</am:code><am:type>Status report</am:type>` +
		`<am:message>Not Found</am:message><am:description>The requested resource is not available.</am:description></am:fault>`
	wso2SecurityFault = `<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>900901</ams:code><ams:message>Invalid Credentials</ams:message>` +
		`<ams:description>Access failure for API: /m2m/v1, version: v1. Make sure you have given the correct access token</ams:description></ams:fault>`
)

func TestEveryBodyShapeIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want fault.Fault
	}{
		"service, documented": {
			`{"errorCode": "UnifiedWebService.REQUEST_FAILED.SessionToken.Expired", "errorMessage": "The Session has expired."}`,
			fault.Fault{Kind: fault.M2M, Code: "REQUEST_FAILED.SessionToken.Expired", Message: "The Session has expired."},
		},
		"another service": {
			`{"errorCode":"DeviceService.INPUT_INVALID.CustomField.InvalidName","errorMessage":"x"}`,
			fault.Fault{Kind: fault.M2M, Code: "INPUT_INVALID.CustomField.InvalidName", Message: "x"},
		},
		"service, in another order with more in it": {
			`{"x":[{"errorCode":"no"}],"errorMessage":"m","errorCode":"REQUEST_FAILED.UnexpectedError","error":"e","fault":{"code":"900901"}}`,
			fault.Fault{Kind: fault.M2M, Code: "REQUEST_FAILED.UnexpectedError", Message: "m"},
		},
		"service, without a message": {`{"errorCode":"DeserializationFailed"}`, fault.Fault{Kind: fault.M2M, Code: "DeserializationFailed"}},
		"service, numeric code":      {`{"errorCode":1001,"errorMessage":7}`, fault.Fault{Kind: fault.M2M, Code: "1001", Message: "7"}},
		"gateway, documented": {
			`{"fault": {"code": "900901", "message": "Invalid Credentials", "description": "Access failure for API: /m2m/v1, version: v1."}}`,
			fault.Fault{Kind: fault.Gateway, Code: "900901", Message: "Invalid Credentials"},
		},
		"gateway, numeric code": {
			`{"fault":{"code":900902,"message":"Missing Credentials","description":"d"}}`,
			fault.Fault{Kind: fault.Gateway, Code: "900902", Message: "Missing Credentials"},
		},
		"gateway 4.x, without the wrapper": {
			`{"code":"900908","type":"Status report","message":"Resource forbidden","description":"d"}`,
			fault.Fault{Kind: fault.Gateway, Code: "900908", Message: "Resource forbidden"},
		},
		"gateway 4.x, numeric code":   {`{"code":900802,"message":"Message throttled out"}`, fault.Fault{Kind: fault.Gateway, Code: "900802", Message: "Message throttled out"}},
		"gateway 4.x, blocked":        {`{"code":"700700"}`, fault.Fault{Kind: fault.Gateway, Code: "700700"}},
		"gateway 4.x, send error":     {`{"code":101503}`, fault.Fault{Kind: fault.Gateway, Code: "101503"}},
		"gateway 4.x, suspended":      {`{"code":"303001"}`, fault.Fault{Kind: fault.Gateway, Code: "303001"}},
		"gateway, XML":                {wso2Fault, fault.Fault{Kind: fault.Gateway, Code: "404", Message: "Not Found"}},
		"gateway, XML, security":      {wso2SecurityFault, fault.Fault{Kind: fault.Gateway, Code: "900901", Message: "Invalid Credentials"}},
		"OAuth2":                      {`{"error":"invalid_request","error_description":"Missing grant_type parameter value"}`, fault.Fault{Kind: fault.OAuth, Code: "invalid_request", Message: "Missing grant_type parameter value"}},
		"OAuth2, without description": {`{"error":"invalid_client"}`, fault.Fault{Kind: fault.OAuth, Code: "invalid_client"}},
		"cloud connector": {
			`{"error":"unauthorized","error_description":"Failure response received for UWS V1 REST accounts: [400]"}`,
			fault.Fault{Kind: fault.OAuth, Code: "unauthorized", Message: "Failure response received for UWS V1 REST accounts: [400]"},
		},
		"a shape that is empty does not hide another": {
			`{"errorCode":null,"errorMessage":"m","fault":null,"code":null,"error":"invalid_client"}`,
			fault.Fault{Kind: fault.OAuth, Code: "invalid_client"},
		},
		"a fault that is none does not hide another": {
			`{"errorCode":{},"fault":["x"],"code":"teapot","error":"invalid_client"}`, fault.Fault{Kind: fault.OAuth, Code: "invalid_client"},
		},
		"a fault that is text does not hide another": {`{"fault":"sorry","code":900901}`, fault.Fault{Kind: fault.Gateway, Code: "900901"}},
	} {
		for wrapping, body := range map[string]string{"": c.body, "byte order mark": "\xef\xbb\xbf" + c.body, "space": "\r\n\t " + c.body + " \r\n", "both": "\xef\xbb\xbf\n" + c.body} {
			if got := fault.Parse([]byte(body)); got != c.want {
				t.Errorf("%s %s: %+v, want %+v", name, wrapping, got, c.want)
			}
		}
	}
}

func TestAnythingElseIsNoFault(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "blank": " \r\n", "byte order mark": "\xef\xbb\xbf", "text": "upstream connect error 900901", "a number": "900901", "a string": `"900901"`, "null": "null", "an array": `[{"errorCode":"X"}]`,
		"an empty object": "{}", "another shape": `{"message":"sorry"}`, "another API's code": `{"code":"E1001","message":"m"}`, "a status as code": `{"code":404,"message":"m"}`, "a code like the gateway's": `{"code":9009010}`, "another product's": `{"code":901900}`, "and another's": `{"code":"100500"}`,
		"no code": `{"errorMessage":"REQUEST_FAILED.SessionToken.Expired"}`, "empty code": `{"errorCode":"","errorMessage":"m"}`, "a code that is no word": `{"errorCode":["X"],"error":true,"fault":{"code":{}}}`,
		"fault without code": `{"fault":{"message":"m"}}`, "fault in a fault": `{"fault":{"fault":{"code":"900901"}}}`, "error in an object": `{"error":{"errorCode":"REQUEST_FAILED.X","code":"900901"}}`,
		"HTML":        "<!DOCTYPE html><html><head><title>503</title></head><body><h1>900901</h1></body></html>",
		"HTML, early": "<html><body><fault><code>900901</code></fault>", "UTF-16": "\xff\xfe{\x00}\x00", "NUL": "\x00{}", "two documents": `{"errorCode":"X"}{"errorCode":"Y"}`, "trailing text": `{"errorCode":"X"} and more`,
		"single quotes": `{'errorCode':'X'}`, "another body order mark": "\xfe\xff{}",
	} {
		if got := fault.Parse([]byte(body)); got != (fault.Fault{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := fault.Parse(nil); got != (fault.Fault{}) {
		t.Errorf("nil: %+v", got)
	}
}

func TestTruncatedBodyIsNoFault(t *testing.T) {
	for _, body := range []string{
		`{"errorCode":"REQUEST_FAILED.SessionToken.Expired","errorMessage":"The Session has expired."}`,
		`{"fault":{"code":900901,"message":"Invalid Credentials"}}`, `{"code":"900901","message":"m"}`, `{"error":"invalid_client"}`, wso2Fault, wso2SecurityFault,
		"<?xml version=\"1.0\"?>\n<!-- x -->" + wso2Fault,
	} {
		if fault.Parse([]byte(body)) == (fault.Fault{}) {
			t.Errorf("%s: not read whole", body)
		}
		for n := range len(body) {
			if got := fault.Parse([]byte(body[:n])); got != (fault.Fault{}) {
				t.Errorf("%s: %+v", body[:n], got)
			}
		}
	}
}

func TestOfDoubledKeysTheLastIsMeant(t *testing.T) {
	// As most parsers have it, so that everybody on the way reads the same.
	for body, want := range map[string]string{
		`{"errorCode":"REQUEST_FAILED.A","errorCode":"REQUEST_FAILED.B"}`: "REQUEST_FAILED.B",
		`{"errorCode":"REQUEST_FAILED.A","errorCode":null}`:               "",
		`{"fault":{"code":900901},"fault":{"code":900800}}`:               "900800",
		`{"fault":{"code":900901,"code":404}}`:                            "404",
		`<fault><code>900901</code><code>404</code></fault>`:              "404",
		`<fault><code>404</code><code>900<b/>901</code></fault>`:          "",
		`<fault><code>900901</code><code/></fault>`:                       "",
	} {
		if got := fault.Parse([]byte(body)); got.Code != want {
			t.Errorf("%s: %q, want %q", body, got.Code, want)
		}
	}
}

func TestServicePrefixIsDropped(t *testing.T) {
	for code, want := range map[string]string{
		"UnifiedWebService.REQUEST_FAILED.AccountNotFound":                "REQUEST_FAILED.AccountNotFound",
		"REQUEST_FAILED.AccountNotFound":                                  "REQUEST_FAILED.AccountNotFound",
		"DeviceService.INPUT_INVALID.CustomField.InvalidName":             "INPUT_INVALID.CustomField.InvalidName",
		"UnifiedWebService.REQUEST_ONHOLD.X":                              "REQUEST_ONHOLD.X",
		"UnifiedWebService.REQUEST_CANCELLED.X":                           "REQUEST_CANCELLED.X",
		"Some.Other.Thing.INPUT_INVALID.X":                                "INPUT_INVALID.X",
		"UnifiedWebService.DeserializationFailed":                         "DeserializationFailed",
		"DeserializationFailed":                                           "DeserializationFailed",
		"UnifiedWebService.SessionToken.Expired":                          "SessionToken.Expired",
		"UnifiedWebService.REQUEST_FAILED.INPUT_INVALID.X":                "REQUEST_FAILED.INPUT_INVALID.X",
		"UnifiedWebService.INPUT_INVALID.REQUEST_FAILED.X":                "INPUT_INVALID.REQUEST_FAILED.X",
		"NOT_REQUEST_FAILED.X":                                            "NOT_REQUEST_FAILED.X",
		"REQUEST_FAILED":                                                  "REQUEST_FAILED",
		"UnifiedWebService.REQUEST_FAILED":                                "REQUEST_FAILED",
		"Unified.X":                                                       "Unified.X",
		"Some-Service.INPUT-INVALID_2":                                    "INPUT-INVALID_2",
		"request_failed.X":                                                "request_failed.X",
		strings.Repeat("A", 120) + "Service.INPUT_INVALID.Request.X":      "INPUT_INVALID.Request.X",
		"UnifiedWebService.REQUEST_FAILED.UnexpectedError.REQUEST_FAILED": "REQUEST_FAILED.UnexpectedError.REQUEST_FAILED",
	} {
		if got := parse(t, code, "m"); got.Code != want || got.Kind != fault.M2M {
			t.Errorf("%s: %+v, want %q", code, got, want)
		}
	}
}

func TestCodeThatIsNoneIsNotRepeated(t *testing.T) {
	// But it is the service that answered.
	for _, code := range []string{
		"Your user name or password is wrong.", "REQUEST_FAILED.X\nlevel=error", "REQUEST_FAILED.\x1b[31m", "REQUEST_FAILED.X ", "REQUEST_FAILED.\u202eX", "REQUEST_FAILED.é", "REQUEST_FAILED.\x00", "INPUT_INVALID.<script>",
		strings.Repeat("REQUEST_FAILED.", 700), strings.Repeat("x", 129), "UnifiedWebService.REQUEST_FAILED." + strings.Repeat("x", 10_000), "1234567890", "-1", "1.5", "_X", ".REQUEST_FAILED", "9X", "%s%n", "bcce3ea6/fe4f",
		"UnifiedWebService.REQUEST_FAILED.SessionToken.Expired or not", " ",
	} {
		if got := parse(t, code, "m"); got.Kind != fault.M2M || got.Code != "" || got.Message != "m" || got.SessionToken() || got.Unexpected() {
			t.Errorf("%.60q: %+v", code, got)
		}
	}
	for _, body := range []string{`{"fault":{"code":"1e6","message":"m"}}`, `{"fault":{"code":9009e2}}`, `{"fault":{"code":-900901}}`, `{"error":"no such client"}`, `<fault><code>out of order</code></fault>`} {
		if got := fault.Parse([]byte(body)); got.Kind == fault.None || got.Code != "" && got.Code != "9009e2" {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestMessageIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ message, want string }{
		"short":                    {"The Session has expired.", "The Session has expired."},
		"as long as may be":        {strings.Repeat("a", 512), strings.Repeat("a", 512)},
		"cut between words":        {strings.Repeat("word ", 200), strings.TrimSpace(strings.Repeat("word ", 102))},
		"cut after a whole word":   {strings.Repeat("a", 512) + " b", strings.Repeat("a", 512)},
		"half a secret":            {strings.Repeat("password was: ", 36) + "Wh0a1545a84d", strings.TrimSpace(strings.Repeat("password was: ", 36))},
		"no words":                 {strings.Repeat("a", 513), ""},
		"control characters":       {"a\r\nlevel=error\x1b[31m\x00b\x7f", "a  level=error [31m b"},
		"space around":             {"\t m \n", "m"},
		"many bytes to a letter":   {strings.Repeat("ä ", 300), strings.TrimSpace(strings.Repeat("ä ", 171))},
		"not words but characters": {strings.Repeat("漢", 300), ""},
	} {
		if got := parse(t, "X", c.message).Message; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestInvalidUTF8IsNotHandedOn(t *testing.T) {
	for _, body := range []string{
		"{\"errorCode\":\"X\",\"errorMessage\":\"a\xffb\"}", "{\"errorCode\":\"X\xff\",\"errorMessage\":\"b\"}", `{"errorCode":"X","errorMessage":"\ud800b"}`,
		"<fault><code>404</code><message>a\xff\xfeb</message></fault>", "<fault><code>404\xff</code><message>b</message></fault>",
	} {
		got := fault.Parse([]byte(body))
		if !utf8.ValidString(got.Message) || !utf8.ValidString(got.Code) || !strings.Contains(got.Message, "b") {
			t.Errorf("%q: %+v", body, got)
		}
	}
}

func TestDeepAndHugeBodiesAreReadInLinearTime(t *testing.T) {
	const n = 1 << 20
	for name, c := range map[string]struct {
		body string
		code string
	}{
		"deep object":     {strings.Repeat(`{"fault":`, n/9), ""},
		"deep array":      {`{"x":` + strings.Repeat("[", n), ""},
		"deep and whole":  {`{"errorCode":"X","x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", "X"},
		"too deep":        {`{"errorCode":"X","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", ""},
		"long message":    {`{"errorCode":"X","errorMessage":"` + strings.Repeat("m ", n/2) + `"}`, "X"},
		"long code":       {`{"errorCode":"` + strings.Repeat("x.", n/2) + `"}`, ""},
		"many keys":       {`{` + strings.Repeat(`"errorCode":"X",`, n/16) + `"errorCode":"Y"}`, "Y"},
		"deep XML":        {"<fault>" + strings.Repeat("<a>", n/3), ""},
		"long XML":        {"<fault><code>404</code><message>" + strings.Repeat("m", n) + "</message></fault>", "404"},
		"XML references":  {"<fault><code>404</code><message>" + strings.Repeat("&", n) + "</message></fault>", "404"},
		"XML characters":  {"<fault><code>404</code><message>" + strings.Repeat("&#120;", n/6) + "</message></fault>", "404"},
		"XML comments":    {"<fault><code>404</code><message>" + strings.Repeat("x<!---->", n/8) + "</message></fault>", "404"},
		"XML sections":    {"<fault><code>404</code><message>" + strings.Repeat("<![CDATA[x]]>", n/13) + "</message></fault>", "404"},
		"XML elements":    {"<fault><code>404</code>" + strings.Repeat("<a/>", n/4) + "</fault>", "404"},
		"XML prolog":      {strings.Repeat("<!---->", n/7) + "<fault><code>404</code></fault>", "404"},
		"open comments":   {"<fault><code>404</code>" + strings.Repeat("<!--", n/4) + "</fault>", ""},
		"open sections":   {"<fault><code>404</code>" + strings.Repeat("<![CDATA[", n/9) + "</fault>", ""},
		"open attributes": {"<fault><code>404</code>" + strings.Repeat(`<a b="`, n/6) + "</fault>", ""},
	} {
		began := time.Now()
		if got := fault.Parse([]byte(c.body)); got.Code != c.code || len(got.Message) > 512 {
			t.Errorf("%s: %.200v", name, got)
		}
		// A fraction of a second, many of them if it were quadratic.
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func parse(t *testing.T, code, message string) fault.Fault {
	t.Helper()
	body, err := json.Marshal(map[string]string{"errorCode": code, "errorMessage": message})
	if err != nil {
		t.Fatal(err)
	}
	return fault.Parse(body)
}

func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"errorCode":"UnifiedWebService.REQUEST_FAILED.SessionToken.Expired","errorMessage":"The Session has expired."}`, `{"fault":{"code":900901,"message":"m"}}`, `{"code":"900800"}`, `{"error":"invalid_client","error_description":"d"}`,
		"\xef\xbb\xbf" + wso2Fault, wso2SecurityFault, `<?xml version="1.0"?><!DOCTYPE f><fault a='>'><code><![CDATA[900901]]></code><b/><message>a&#x41;&amp;</message></fault>`, "<html>", "", `{"errorCode":"X","errorCode":[{}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got := fault.Parse(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed")
		}
		if got != fault.Parse(body) {
			t.Fatal("two readings differ")
		}
		check(t, got)
	})
}

// check is what holds of every fault, whoever sent it.
func check(t *testing.T, f fault.Fault) {
	t.Helper()
	if f.Kind == fault.None && f != (fault.Fault{}) {
		t.Fatalf("no fault, but %+v", f)
	}
	for i, c := range []byte(f.Code) {
		letter, digit := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z', c >= '0' && c <= '9'
		number := strings.Trim(f.Code, "0123456789") == ""
		if !letter && (i == 0 && !number || !digit && !strings.ContainsRune("_.-", rune(c))) || len(f.Code) > 128 || number && len(f.Code) > 9 {
			t.Fatalf("implausible code %q", f.Code)
		}
	}
	if len(f.Message) > 512 || !utf8.ValidString(f.Message) || strings.ContainsFunc(f.Message, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Fatalf("message %q", f.Message)
	}
	verdicts := 0
	for _, v := range []bool{f.SessionToken(), f.Unexpected(), f.NotEvaluated()} {
		if v {
			verdicts++
		}
	}
	if verdicts > 1 || f.Bearer() && !f.NotEvaluated() || f.Code == "" && (verdicts > 0 || f.Bearer()) {
		t.Fatalf("contradictory verdicts on %+v", f)
	}
}
