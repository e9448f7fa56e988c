package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences under which something may be part of this: they ask for no more than that their text goes with it.
var allowed = map[string]bool{
	"Apache-2.0": true, "MIT": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "ISC": true,
}

// enough is how much of a licence's text must be known text, in percent.
const enough = 75

// judge finds out which licences a part has, and says why it may not be used.
func (p *part) judge() string {
	p.licences = nil
	for _, name := range slices.Sorted(maps.Keys(p.texts)) {
		base := strings.ToUpper(name[strings.LastIndex(name, "/")+1:])
		if strings.HasPrefix(base, "NOTICE") {
			continue
		}
		cover := licensecheck.Scan([]byte(p.texts[name]))
		// A file that collects the licences of what was bundled has more than their texts; each of them must do.
		if cover.Percent < enough && !strings.HasSuffix(base, ".LICENSE.TXT") {
			return fmt.Sprintf("%s: only %.0f percent of its %s is the text of a known licence", p.name, cover.Percent, name)
		}
		for _, match := range cover.Match {
			id := strings.TrimSuffix(match.ID, "-Header")
			if match.IsURL && strings.HasPrefix(base, "LICEN") {
				continue // a link within a text that was judged
			}
			if !allowed[id] {
				return fmt.Sprintf("%s: its %s says %s, which is not among the licences that may be used here", p.name, name, match.ID)
			}
			if !slices.Contains(p.licences, id) {
				p.licences = append(p.licences, id)
			}
		}
	}
	if len(p.licences) == 0 {
		return p.name + ": it has no licence"
	}
	slices.Sort(p.licences)
	return ""
}
