package filestore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	usernameField = "username"
	passwordField = "password"
)

// document is the JSON object of a credentials file, its members in their order. Those that are not
// ours are kept byte for byte, but for white space.
type document []member

type member struct {
	name  string
	value json.RawMessage
}

var utf8BOM = []byte("\xef\xbb\xbf")

// parseDocument reads one JSON object. Its errors never quote the content: the syntax errors of
// encoding/json quote a character, which may be one of the password.
func parseDocument(content []byte) (document, error) {
	content = bytes.TrimPrefix(content, utf8BOM)
	if !utf8.Valid(content) {
		return nil, errors.New("not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	malformed := func() error { return fmt.Errorf("not valid JSON near byte %d", dec.InputOffset()) }
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var d document
	for dec.More() {
		token, err := dec.Token()
		name, isString := token.(string)
		if err != nil || !isString {
			return nil, malformed()
		}
		if d.find(name) != nil {
			return nil, errors.New("a field occurs twice")
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return nil, malformed()
		}
		d = append(d, member{name, value})
	}
	if _, err := dec.Token(); err != nil {
		return nil, malformed()
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return d, nil
}

func (d document) find(name string) *member {
	for i := range d {
		if d[i].name == name {
			return &d[i]
		}
	}
	return nil
}

// text returns a field that must be a string with something in it.
func (d document) text(name string) (string, error) {
	m := d.find(name)
	if m == nil {
		return "", fmt.Errorf("the field %q is missing", name)
	}
	var value *string
	if json.Unmarshal(m.value, &value) != nil || value == nil {
		return "", fmt.Errorf("the field %q is not a string", name)
	}
	return *value, checkText(name, *value)
}

// checkText refuses what could not be read back as it was written: JSON puts U+FFFD in the place of
// what is no Unicode text.
func checkText(name, value string) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("the field %q is blank", name)
	case strings.ContainsRune(value, utf8.RuneError):
		return fmt.Errorf("the field %q is not valid Unicode text", name)
	}
	return nil
}

func (d document) set(name, value string) (document, error) {
	if err := checkText(name, value); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // a person may look at this file
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	raw := json.RawMessage(bytes.TrimRight(b.Bytes(), "\n"))
	if m := d.find(name); m != nil {
		m.value = raw
		return d, nil
	}
	return append(d, member{name, raw}), nil
}

func (d document) encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	var indented bytes.Buffer
	if err := json.Indent(&indented, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
