package main

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	heading2 = regexp.MustCompile(`(?m)^##[ \t]+(.*?)[ \t]*$`)
	heading3 = regexp.MustCompile(`(?m)^###[ \t]+(.*?)[ \t]*$`)
)

// section returns what the changelog says under the level-2 heading of a version: "## 1.2.0", also in brackets, also with a
// date after it.
func section(changelog string, v version) (text string, ok bool) {
	return under(changelog, heading2, func(title string) bool {
		first, _, _ := strings.Cut(title, " ")
		return strings.Trim(first, "[]") == v.String()
	})
}

// breakingPart returns what a section says under "### Breaking".
func breakingPart(section string) (text string, ok bool) {
	return under(section, heading3, func(title string) bool { return strings.EqualFold(title, "Breaking") })
}

func under(text string, heading *regexp.Regexp, is func(title string) bool) (string, bool) {
	at := heading.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		if !is(text[m[2]:m[3]]) {
			continue
		}
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		return text[m[1]:end], true
	}
	return "", false
}

// saysSomething reports that there is text besides headings.
func saysSomething(section string) bool {
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}

// told returns why the changelog does not tell of a version.
func told(changelog string, v version, c change) []string {
	text, ok := section(changelog, v)
	switch {
	case !ok:
		return []string{fmt.Sprintf("CHANGELOG.md has no section \"## %s\", which is the version of the contract", v)}
	case !saysSomething(text):
		return []string{fmt.Sprintf("CHANGELOG.md says nothing in its section \"## %s\"", v)}
	}
	if c != breaking {
		return nil
	}
	if part, ok := breakingPart(text); !ok || !saysSomething(part) {
		return []string{fmt.Sprintf("CHANGELOG.md has nothing under \"### Breaking\" in its section \"## %s\"", v)}
	}
	return nil
}
