package cli

import (
	"testing"
	"time"
)

func TestDurationsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                               "less than a second",
		time.Second:                     "1 second",
		-59 * time.Second:               "59 seconds",
		59*time.Second + 500e6:          "1 minute",
		89 * time.Second:                "1 minute",
		90 * time.Second:                "2 minutes",
		20*time.Minute - time.Second:    "20 minutes",
		time.Hour - time.Second:         "1 hour",
		10*time.Hour - time.Second:      "10 hours",
		24*time.Hour - time.Second:      "1 day",
		240*time.Hour - time.Second:     "10 days",
		20 * time.Minute:                "20 minutes",
		61 * time.Minute:                "1 hour 1 minute",
		12*time.Hour + 30*time.Minute:   "13 hours",
		49 * time.Hour:                  "2 days 1 hour",
		90 * 24 * time.Hour:             "90 days",
		24*time.Hour + 5*time.Minute:    "1 day",
		time.Hour + 59*time.Millisecond: "1 hour",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestMomentsAreRelativeAndInUTC(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.FixedZone("x", 3600))
	if got := moment(now.Add(-3*time.Minute), now); got != "3 minutes ago (2026-11-23T16:57:00Z)" {
		t.Error(got)
	}
	if got := moment(now.Add(17*time.Minute), now); got != "in 17 minutes (2026-11-23T17:17:00Z)" {
		t.Error(got)
	}
}
