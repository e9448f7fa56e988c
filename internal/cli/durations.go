package cli

import (
	"fmt"
	"time"
)

// inWords is a duration as a person says it: rounded, at most two units, nothing below a second.
func inWords(d time.Duration) string {
	d = d.Abs()
	switch day := 24 * time.Hour; {
	case d < time.Minute:
		d = d.Round(time.Second)
	case d < 10*time.Hour:
		d = d.Round(time.Minute)
	case d < 10*day:
		d = d.Round(time.Hour)
	default:
		d = d.Round(day)
	}
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	for i, u := range units {
		n := d / u.size
		if n == 0 {
			continue
		}
		words := count(int(n), u.name)
		if i+1 < len(units) && n < 10 && u.name != "minute" {
			if rest := (d % u.size) / units[i+1].size; rest > 0 {
				words += " " + count(int(rest), units[i+1].name)
			}
		}
		return words
	}
	return "less than a second"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// moment is a time relative to now, and in full.
func moment(t, now time.Time) string {
	at := " (" + t.UTC().Format(time.RFC3339) + ")"
	if t.After(now) {
		return "in " + inWords(t.Sub(now)) + at
	}
	return inWords(now.Sub(t)) + " ago" + at
}
