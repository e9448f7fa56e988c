package gen

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is the type of every field that the contract marks with format: password.
//
// Package fmt, package log/slog and a panic print it as [REDACTED]. encoding/json writes the real
// value, since that is what goes over the wire; string(s) is the real value too.
//
// Three ways around it remain, which no method can close: fmt calls no methods on unexported struct fields; it calls
// none for the verbs %p and %w, which go vet refuses here; and the JSON handler of log/slog encodes what lies inside a
// struct, map or slice with encoding/json. The types of this package guard themselves against the last (see LogValue on
// each); a type that contains them must do the same.
type Secret string

const redacted = "[REDACTED]"

// Format implements [fmt.Formatter]: every verb and flag prints [REDACTED].
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns [REDACTED].
func (Secret) String() string { return redacted }

// GoString returns [REDACTED].
func (Secret) GoString() string { return redacted }

// LogValue returns [REDACTED].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
