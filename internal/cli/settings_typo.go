package cli

import "strings"

// misspelt refuses a variable that nothing reads but whose name is nearly that of one that is not
// set. THINGSPACE_BASEURL would otherwise send the credentials of a test to production.
func (s *settings) misspelt() error {
	for _, pair := range s.all() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "THINGSPACE_") || isSetting(name) {
			continue
		}
		for _, v := range allSettings {
			if value, _ := s.environ(v.env); value == "" && near(name, v.env) {
				return usage("did you mean "+v.env+"? Nothing was sent", "nothing reads the variable %s", name)
			}
		}
	}
	return nil
}

func isSetting(name string) bool {
	for _, v := range allSettings {
		if v.env == name {
			return true
		}
	}
	return false
}

// near reports whether two names differ by at most two letters added, left out or changed.
func near(a, b string) bool {
	if a, b = strings.ToUpper(a), strings.ToUpper(b); len(a)-len(b) > 2 || len(b)-len(a) > 2 {
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
