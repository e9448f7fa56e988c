package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

const filtered = "[Filtered]"

// secretMember is a member of a JSON object that holds a secret, as it is printed: perhaps with escaped quotes.
var secretMember = regexp.MustCompile(`(?i)(\\*["'](?:sessionToken|newPassword|oldPassword|password|access_token)\\*["']\s*:\s*\\*["'])[^"'\\]*`)

// redactor passes lines on without secrets. schemathesis filters what it sends, and prints what it gets as it came.
type redactor struct {
	to     io.Writer
	values *strings.Replacer
	line   bytes.Buffer
}

func newRedactor(to io.Writer, a account) *redactor {
	var pairs []string
	for _, value := range []string{a.secret, a.password} {
		if value != "" {
			pairs = append(pairs, value, filtered)
		}
	}
	return &redactor{to: to, values: strings.NewReplacer(pairs...)}
}

// Write never fails for what it keeps until the end of the line.
func (r *redactor) Write(p []byte) (int, error) {
	r.line.Write(p)
	for {
		end := bytes.IndexByte(r.line.Bytes(), '\n')
		if end < 0 {
			return len(p), nil
		}
		if err := r.pass(r.line.Next(end + 1)); err != nil {
			return 0, err
		}
	}
}

// flush passes on a last line without an end.
func (r *redactor) flush() error { return r.pass(r.line.Next(r.line.Len())) }

func (r *redactor) pass(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	_, err := io.WriteString(r.to, r.values.Replace(secretMember.ReplaceAllString(string(line), "${1}"+filtered)))
	return err
}
