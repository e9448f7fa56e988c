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

// Names that people who have not read the help would write.
var (
	forBaseURL = regexp.MustCompile(`^THINGSPACE_((API|SERVER|SERVICE|HOST|ENDPOINT|BASE)_)*(URL|URI|API|SERVER|HOST|HOSTNAME|ADDR|ADDRESS|ENDPOINT|ORIGIN|BASE)$`)
	forStore   = regexp.MustCompile(`^THINGSPACE_(REDIS|STATE_DIR|STATE_HOME)(_|$)`)
)

// telling is how much of a setting's name says which one is meant.
const telling = len("THINGSPACE_") + len("APP")

// probablyMeant is the setting that a name was meant for, "" if there is none, or if nothing is missing.
func (s *settings) probablyMeant(name string) string {
	name = strings.ToUpper(name)
	for _, v := range allSettings {
		begins := len(name) >= telling && strings.HasPrefix(v.env, name)
		if (near(name, v.env) || begins || strings.HasPrefix(name, v.env+"_")) && !s.served(v) {
			return v.env
		}
	}
	switch {
	case forBaseURL.MatchString(name) && !s.served(setBaseURL):
		return setBaseURL.env
	case forStore.MatchString(name) && !s.served(setStore):
		return setStore.env
	}
	return ""
}

// served reports whether a setting is given, or another one that does instead.
func (s *settings) served(v setting) bool {
	return s.given(v) || slices.ContainsFunc(alternatives, func(of []setting) bool {
		return slices.Contains(of, v) && slices.ContainsFunc(of, s.given)
	})
}

func isSetting(name string) bool {
	return slices.ContainsFunc(allSettings, func(v setting) bool { return v.env == name })
}

// near reports whether two names differ by a slip or two: letters added, left out or changed. In a short
// name two letters make another word of it.
func near(a, b string) bool {
	slips := 2
	if len(b) < len("THINGSPACE_")+len("SECRET") {
		slips = 1
	}
	if len(a)-len(b) > slips || len(b)-len(a) > slips {
		return false
	}
	return distance(a, b) <= slips || transposed(a, b)
}

// transposed reports whether two letters have changed places, which is one slip.
func transposed(a, b string) bool {
	for i := 1; i < len(a) && len(a) == len(b); i++ {
		if a[i-1] != b[i-1] {
			return a[i-1] == b[i] && a[i] == b[i-1] && a[i+1:] == b[i+1:]
		}
	}
	return false
}

// distance is Levenshtein's, row by row.
func distance(a, b string) int {
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
	return row[len(b)]
}
