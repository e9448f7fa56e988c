package session_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"iot.internal/thingspace/session"
)

const plaintext = "hunter2-IMgr8"

// holder has a secret where fmt calls no methods.
type holder struct {
	secret      session.Secret
	credentials session.Credentials
	application session.Application
	nested      map[string]any
}

func holders() []any {
	s := session.NewSecret(plaintext)
	c := session.Credentials{Username: "zbeeblebrox", Password: s}
	a := session.Application{Key: "key", Secret: s}
	h := holder{s, c, a, map[string]any{"c": c, "list": []session.Secret{s}}}
	cfg := session.Config{Application: a, Credentials: session.StaticCredentials("zbeeblebrox", plaintext)}
	return []any{s, &s, c, &c, a, h, &h, []any{s, c}, session.StaticCredentials("zbeeblebrox", plaintext), cfg, &cfg}
}

func TestSecretsDoNotPrint(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T|%[1]v", "%p"} {
		for i, h := range holders() {
			if out := fmt.Sprintf(verb, h); strings.Contains(out, plaintext) || strings.Contains(out, fmt.Sprintf("%x", plaintext)) {
				t.Errorf("%s of holder %d (%T) prints the secret: %s", verb, i, h, out)
			}
		}
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	for i, h := range holders() {
		var text, js bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "h", h, slog.Group("g", "h", h))
		slog.New(slog.NewJSONHandler(&js, nil)).Info("m", "h", h, slog.Group("g", "h", h))
		if strings.Contains(text.String()+js.String(), plaintext) {
			t.Errorf("slog prints the secret of holder %d (%T):\n%s%s", i, h, text.String(), js.String())
		}
	}
}

// A CredentialSaver that marshals its credentials must fail rather than save a placeholder.
func TestMarshallingASecretIsAnError(t *testing.T) {
	s := session.NewSecret(plaintext)
	for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal} {
		for _, v := range []any{s, &s, session.Credentials{Username: "u", Password: s}, session.Token{}} {
			if out, err := marshal(v); err == nil {
				t.Errorf("%s of %T: %s, want an error", name, v, out)
			}
		}
	}
}

func TestRevealReturnsTheValue(t *testing.T) {
	if got := session.NewSecret(plaintext).Reveal(); got != plaintext {
		t.Errorf("Reveal() = %q", got)
	}
	if got := (session.Secret{}).Reveal(); got != "" {
		t.Errorf("Reveal() of the zero Secret = %q", got)
	}
	if got := (session.Token{}).Reveal(); got != "" {
		t.Errorf("Reveal() of the zero Token = %q", got)
	}
}
