package cli

import (
	"regexp"
	"slices"
	"strings"
)

// misspelt refuses a variable that nothing reads but that was probably meant for a setting that is not
// given. THINGSPACE_BASEURL would otherwise send the credentials of a test to production.
func (s *settings) misspelt() error {
	names := s.all()
	slices.Sort(names)
	for _, pair := range names {
		name, _, _ := strings.Cut(pair, "=")
		if isSetting(name) || serviceLink.MatchString(name) {
			continue
		}
		if meant := s.probablyMeant(name); meant != "" {
			return usage("did you mean "+meant+"? Nothing was sent", "nothing reads the variable %s", name)
		}
	}
	return nil
}

// serviceLink is what Kubernetes gives a pod for a service whose name begins with "thingspace".
var serviceLink = regexp.MustCompile(`^THINGSPACE_(.+_)?(SERVICE_HOST|(SERVICE_)?PORT(_.*)?)$`)

// elsewhere are names that say where the API is, as people who have not read the help would write them.
var elsewhere = []string{
	"THINGSPACE_URL", "THINGSPACE_URI", "THINGSPACE_HOST", "THINGSPACE_ENDPOINT", "THINGSPACE_SERVER",
	"THINGSPACE_API", "THINGSPACE_API_URL", "THINGSPACE_API_HOST", "THINGSPACE_API_ENDPOINT", "THINGSPACE_API_BASE", "THINGSPACE_API_BASE_URL",
}

// telling is how much of a setting's name says which one is meant.
const telling = len("THINGSPACE_") + len("APP")

// probablyMeant is the setting that a name was meant for, "" if there is none that is not given.
func (s *settings) probablyMeant(name string) string {
	name = strings.ToUpper(name)
	for _, v := range allSettings {
		if near(name, v.env) && !s.given(v) {
			return v.env
		}
	}
	if slices.Contains(elsewhere, name) && !s.given(setBaseURL) {
		return setBaseURL.env
	}
	for _, v := range allSettings {
		begins := len(name) >= telling && strings.HasPrefix(v.env, name)
		if (begins || strings.HasPrefix(name, v.env+"_")) && !s.givenAny(min(name, v.env)) {
			return v.env
		}
	}
	return ""
}

// givenAny reports whether any setting whose name begins so is given.
func (s *settings) givenAny(beginning string) bool {
	return slices.ContainsFunc(allSettings, func(v setting) bool { return strings.HasPrefix(v.env, beginning) && s.given(v) })
}

func isSetting(name string) bool {
	return slices.ContainsFunc(allSettings, func(v setting) bool { return v.env == name })
}

// near reports whether two names differ by at most two letters added, left out or changed.
func near(a, b string) bool {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return false
	}
	// Levenshtein's distance, row by row.
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)] <= 2
}
