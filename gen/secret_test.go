package gen_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"iot.internal/thingspace/gen"
)

// Every field of package gen that is a secret holds this value.
const hidden = "Wh0a1545a84d"

var holders = map[string]any{
	"secret":                      gen.Secret(hidden),
	"LogInRequest":                gen.LogInRequest{Username: "zbeeblebrox", Password: hidden},
	"LogInResult":                 gen.LogInResult{SessionToken: hidden},
	"LogOutRequest":               gen.LogOutRequest{SessionToken: hidden},
	"SessionResetPasswordRequest": gen.SessionResetPasswordRequest{OldPassword: hidden},
	"SessionResetPasswordResult":  gen.SessionResetPasswordResult{NewPassword: hidden},
	"StartConnectivityManagementSessionResponse": gen.StartConnectivityManagementSessionResponse{
		Body: []byte(hidden), HTTPResponse: response(), JSON200: &gen.LogInResult{SessionToken: hidden},
	},
	"EndConnectivityManagementSessionResponse": gen.EndConnectivityManagementSessionResponse{
		Body: []byte(hidden), HTTPResponse: response(), JSON200: &gen.LogOutRequest{SessionToken: hidden},
	},
	"ResetConnectivityManagementPasswordResponse": gen.ResetConnectivityManagementPasswordResponse{
		Body: []byte(hidden), HTTPResponse: response(), JSON200: &gen.SessionResetPasswordResult{NewPassword: hidden},
	},
}

func response() *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK,
		Request:    &http.Request{Header: http.Header{"Vz-M2m-Token": {hidden}}},
	}
}

// leaks looks for the value, and for it in decimal bytes and in hexadecimal.
func leaks(printed string) bool {
	bytesOf := strings.Trim(fmt.Sprint([]byte(hidden)), "[]")
	hexOf := hex.EncodeToString([]byte(hidden))
	return strings.Contains(printed, hidden) || strings.Contains(printed, bytesOf) ||
		strings.Contains(strings.ToLower(printed), hexOf)
}

func TestNoVerbPrintsASecret(t *testing.T) {
	for name, value := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%10.3s", "%t", "%e", ""} {
			for where, v := range map[string]any{
				"itself":    value,
				"in struct": struct{ Field any }{value},
				"in map":    map[string]any{"key": value},
				"in slice":  []any{value},
			} {
				if printed := fmt.Sprintf(verb, v); leaks(printed) {
					t.Errorf("%s of %s %s: %s", verb, name, where, printed)
				}
			}
		}
	}
	pointer := &gen.LogInResult{SessionToken: hidden}
	if printed := fmt.Sprintf("%v %+v %#v %s", pointer, pointer, pointer, pointer); leaks(printed) {
		t.Error(printed)
	}
}

func TestSecretPrintsThatItIsOne(t *testing.T) {
	if got := fmt.Sprintf("%v|%d|%#v|%q", gen.Secret(hidden), gen.Secret(hidden), gen.Secret(hidden), gen.Secret("")); got != "[REDACTED]|[REDACTED]|[REDACTED]|[REDACTED]" {
		t.Error(got)
	}
	if s := gen.Secret(hidden); s.String() != "[REDACTED]" || s.GoString() != "[REDACTED]" {
		t.Error(s.String(), s.GoString())
	}
	if string(gen.Secret(hidden)) != hidden {
		t.Error("the value is gone")
	}
}

func TestNoLogHandlerPrintsASecret(t *testing.T) {
	for name, value := range holders {
		for handler, newHandler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			log := slog.New(newHandler(&b)).With("with", value)
			log.Info("message", "attr", value, slog.Group("group", "inner", value))
			if leaks(b.String()) {
				t.Errorf("%s handler, %s: %s", handler, name, b.String())
			}
		}
	}
	var b bytes.Buffer
	pointer := &gen.LogInRequest{Username: "zbeeblebrox", Password: hidden}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("message", "pointer", pointer)
	if leaks(b.String()) || !strings.Contains(b.String(), "zbeeblebrox") {
		t.Error(b.String())
	}
}

// What goes over the wire is the real value, in both directions.
func TestSecretIsRealInJSON(t *testing.T) {
	body, err := json.Marshal(gen.LogInRequest{Username: "zbeeblebrox", Password: "IMgr8"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(body), `{"password":"IMgr8","username":"zbeeblebrox"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var result gen.LogInResult
	if err := json.Unmarshal([]byte(`{"sessionToken":"bcce3ea6-fe4f-4952-bacf-eadd80718e83","new":1}`), &result); err != nil {
		t.Fatal(err)
	}
	if string(result.SessionToken) != "bcce3ea6-fe4f-4952-bacf-eadd80718e83" {
		t.Error("the token is not the one that was sent")
	}
}

func TestDecodingErrorDoesNotHoldTheSecret(t *testing.T) {
	for _, body := range []string{
		`{"sessionToken":["` + hidden + `"]}`,
		`{"sessionToken":{"` + hidden + `":1}}`,
		`{"sessionToken":"` + hidden,
	} {
		var result gen.LogInResult
		if err := json.Unmarshal([]byte(body), &result); err == nil || leaks(err.Error()) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
