package session

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// errSecretMarshalled is what every marshaller gets instead of a secret. It is an error, not a
// placeholder, so that no CredentialSaver can write "[redacted]" over a working password.
var errSecretMarshalled = errors.New("session: a secret is not marshalled; call Reveal where it is really needed")

// Secret is a value that must not be seen: a password, an application secret. However it is printed
// (fmt with any verb, slog with any handler, also from an unexported field) it shows as [redacted];
// marshalling it is an error. The zero Secret is empty.
//
// It holds a pointer, because fmt reads the unexported fields of a struct without calling methods:
// a pointer prints as an address there, a string would print as itself. Two Secrets are therefore
// compared by Reveal, not with ==.
type Secret struct{ value *string }

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the value itself.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Format prints [redacted] for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns [redacted].
func (s Secret) String() string { return redacted }

// GoString returns [redacted].
func (s Secret) GoString() string { return redacted }

// LogValue returns [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON always fails.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, errSecretMarshalled }

// MarshalText always fails.
func (s Secret) MarshalText() ([]byte, error) { return nil, errSecretMarshalled }

// Token is a VZ-M2M-Token, the session token. It prints and marshals like a [Secret]. The zero
// Token is no token.
type Token struct{ secret Secret }

func newToken(value string) Token { return Token{NewSecret(value)} }

// NewToken wraps a session token that this process did not get from a [Client], so that its refusal
// can be told to [Client.Renew].
func NewToken(value string) Token { return newToken(value) }

// Reveal returns the token itself, the value of the VZ-M2M-Token header.
func (t Token) Reveal() string { return t.secret.Reveal() }

// Format prints [redacted] for every verb.
func (t Token) Format(f fmt.State, verb rune) { t.secret.Format(f, verb) }

// String returns [redacted].
func (t Token) String() string { return redacted }

// GoString returns [redacted].
func (t Token) GoString() string { return redacted }

// LogValue returns [redacted].
func (t Token) LogValue() slog.Value { return t.secret.LogValue() }

// MarshalJSON always fails.
func (t Token) MarshalJSON() ([]byte, error) { return nil, errSecretMarshalled }

// MarshalText always fails.
func (t Token) MarshalText() ([]byte, error) { return nil, errSecretMarshalled }
