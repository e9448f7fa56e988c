package main

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// version is a semantic version without the parts for what is not released.
type version struct{ major, minor, patch int }

var versionForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$`)

func parseVersion(s string) (version, error) {
	parts := versionForm.FindStringSubmatch(s)
	if parts == nil {
		return version{}, fmt.Errorf("%q is not a version of the form 1.2.3", s)
	}
	var numbers [3]int
	for i, part := range parts[1:] {
		numbers[i], _ = strconv.Atoi(part) // at most nine digits
	}
	return version{numbers[0], numbers[1], numbers[2]}, nil
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch))
}

// next is the least version that may follow v after a change.
func (v version) next(c change) version {
	switch {
	case c == unchanged:
		return v
	case c == breaking && v.major > 0:
		return version{v.major + 1, 0, 0}
	case c == breaking, c == addition && v.major > 0:
		return version{v.major, v.minor + 1, 0}
	default:
		return version{v.major, v.minor, v.patch + 1}
	}
}

// change is how much has changed.
type change int

const (
	unchanged change = iota
	wording          // descriptions, examples, links, the order of things
	addition         // what a client of the old document does not notice
	breaking
)

func (c change) String() string {
	return [...]string{"nothing has changed", "words have changed", "something was added", "something breaks"}[c]
}
