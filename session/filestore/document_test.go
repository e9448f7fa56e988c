package filestore

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{"username": "zbeeblebrox", "password": "IMgr8"}`, "\xef\xbb\xbf{}", `{"a": [1, {"a": null}], "a": 2}`, `{"a":1e999,"b":"\ud800"}`, `{`, `{"a":`, "",
		`{"username": "z", "password": "p"} x`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(seed), "Wh0a1545a84d")
	}
	f.Fuzz(func(t *testing.T, content []byte, password string) {
		d, err := parseDocument(content)
		if err != nil {
			if len(err.Error()) > 60 {
				t.Fatalf("an error that may quote: %v", err)
			}
			return
		}
		before := map[string][]byte{}
		for _, m := range d {
			before[m.name] = bytes.Clone(m.value)
		}
		if d, err = d.set(passwordField, password); err != nil {
			return
		}
		encoded, err := d.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseDocument(encoded)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%q", err, encoded)
		}
		if got, err := again.text(passwordField); got != password || err != nil {
			t.Fatalf("password %q, %v, want %q", got, err, password)
		}
		delete(before, passwordField)
		for name, value := range before {
			m := again.find(name)
			if m == nil || squeeze(m.value) != squeeze(value) {
				t.Fatalf("field %q was %q and is %v", name, value, m)
			}
		}
	})
}

// squeeze removes white space, which indenting changes, also inside strings: good enough here.
func squeeze(value []byte) string { return strings.Join(strings.Fields(string(value)), "") }
