package storetest

import (
	"strings"
	"testing"
)

// ops reads a history, one operation a line: "call back what arguments", where values are single
// letters and "-" is absence, and back is "-" for an operation that failed.
func ops(t *testing.T, text string) []operation {
	t.Helper()
	var history []operation
	value := func(s string) string {
		if s == "-" {
			return ""
		}
		return "=" + s
	}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		f := strings.Fields(line)
		o := operation{call: int64(f[0][0]), back: int64(f[1][0]), unknown: f[1] == "-"}
		switch {
		case f[2] == "load":
			o.got = value(f[3])
		default:
			o.swap, o.old, o.new, o.swapped = true, value(f[3]), value(f[4]), f[2] == "swap"
		}
		history = append(history, o)
	}
	return history
}

func TestHistoryThatARegisterExplainsIsAccepted(t *testing.T) {
	for name, text := range map[string]string{
		"one after the other": `
			a b load -
			c d swap - x
			e f load x
			g h miss - y
			i j swap x -
			k l load -`,
		"a load may see a swap that has not returned": `
			a f swap - x
			b c load -
			d e load x`,
		"overlapping loads in any order": `
			a d swap - x
			b e load x
			c f load -`,
		"the loser of two swaps overlaps the winner": `
			a c swap - x
			b d miss - y
			e f load x`,
		"a chain of swaps whose order only the values tell": `
			a z swap y z
			b z swap - x
			c z swap x y`,
		"a failed swap happened": `
			a - swap - x
			b c load x`,
		"a failed swap happened late": `
			a - swap - x
			b c load -
			d e load -
			f g load x`,
		"a failed swap never happened": `
			a - swap - x
			b c swap - y
			d e load y`,
		"a miss overlaps the swap that undoes its reason": `
			a b swap - x
			c f swap x -
			d e miss - y`,
	} {
		if stuck := linearize(ops(t, text)); stuck != "" {
			t.Errorf("%s: %s", name, stuck)
		}
	}
}

func TestHistoryThatNoRegisterExplainsIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"stale load": `
			a b swap - x
			c d load -`,
		"a load before its swap": `
			a b load x
			c d swap - x`,
		"loads that go back": `
			a z swap - x
			b c load x
			d e load -`,
		"two winners": `
			a c swap - x
			b d swap - y`,
		"lost update": `
			a b swap - x
			c e swap x y
			d f swap x z`,
		"lost swap": `
			a b swap - x
			c d swap x y
			e f load x`,
		"a swap that failed for no reason": `
			a b swap - x
			c d miss x y`,
		"two misses that blame each other": `
			a c miss - x
			b d miss - y`,
		"a value nobody wrote": `
			a b swap - x
			c d load q`,
		"a failed swap that happened twice": `
			a - swap - x
			b c load x
			d e swap x -
			f g load -
			h i load x`,
		"a failed swap that happened against its condition": `
			a b swap - y
			c - swap - x
			d e load x`,
		"a failed swap that happened and was undone by nobody": `
			a - swap - x
			b c load x
			d e load -`,
		"deletion that does not last": `
			a b swap - x
			c d swap x -
			e f load x`,
	} {
		stuck := linearize(ops(t, text))
		if stuck == "" {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(stuck, "can be ordered") {
			t.Errorf("%s: no explanation: %q", name, stuck)
		}
	}
}
