package session

import (
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

// A process that lives for months sees a lease a login.
func TestLeasesThatAreGoneAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sightings
		record := func(id string) ledger.Record {
			return ledger.Record{
				Lease:        &ledger.Lease{ID: id, Length: time.Minute},
				Rotation:     &ledger.Rotation{ID: "m" + id, Phase: ledger.Sending, At: time.Now(), Length: time.Minute},
				Applications: map[string]ledger.Application{"app": {Fetch: &ledger.Lease{ID: "f" + id, Length: time.Minute}}},
			}
		}
		first := record("first")
		for range 3 {
			if ids := s.lapsedIn(first, "app"); len(ids) != 0 {
				t.Fatalf("lapsed are %q", ids)
			}
			time.Sleep(20 * time.Second)
		}
		if ids := s.lapsedIn(first, "app"); len(ids) != 3 {
			t.Errorf("after their length lapsed are %q", ids)
		}
		s.lapsedIn(record("second"), "app")
		if len(s.since) != 3 {
			t.Errorf("%d are remembered, 3 are there", len(s.since))
		}
		if ids := s.lapsedIn(first, "app"); len(ids) != 0 {
			t.Errorf("seen again, and lapsed at once: %q", ids)
		}
		s.lapsedIn(ledger.Record{}, "app")
		if len(s.since) != 0 {
			t.Errorf("%d are remembered, none is there", len(s.since))
		}
	})
}

// Whatever another program has written, nobody is asked to wait for longer than a living process can take.
func TestALeaseIsHeededForAQuarterOfAnHourAtMost(t *testing.T) {
	for said, want := range map[time.Duration]time.Duration{
		0: defaultLease, -time.Minute: defaultLease, time.Nanosecond: time.Nanosecond, time.Minute: time.Minute, 24 * time.Hour: maxLease,
	} {
		if got := heededLength(said); got != want {
			t.Errorf("%s: %s, want %s", said, got, want)
		}
	}
}
