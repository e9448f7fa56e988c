package ledger

import (
	"testing"
	"time"
)

func TestRearmNeverAllowsAFifthStrike(t *testing.T) {
	for n, want := range []bool{true, true, true, true, false, false} {
		r, ok := strikes(n).AllowOne()
		if ok != want || r.OneAttempt != want {
			t.Errorf("%d strikes: allowed %v and %v, want %v", n, ok, r.OneAttempt, want)
		}
	}
}

func TestAllowingOneChangesNothingElse(t *testing.T) {
	r := strikes(2)
	r.Refused, r.ProbeOwed = []string{"right"}, true
	after, _ := r.AllowOne()
	if len(after.Strikes) != 2 || !after.Known("right") || !after.ProbeOwed {
		t.Errorf("record %+v", after)
	}
}

func TestClearedForgetsWhatIsOverAndNotWhatMayArrive(t *testing.T) {
	for name, c := range map[string]struct {
		s    Strike
		kept bool
	}{
		"refused":                            {Strike{State: Refused, At: now, Over: 1}, false},
		"a login, young":                     {Strike{State: Unknown, At: now.Add(-OnTheWire + 1)}, true},
		"a login, old":                       {Strike{State: Unknown, At: now.Add(-OnTheWire)}, false},
		"a reset, young":                     {Strike{State: Unknown, At: now.Add(-ResetOnTheWire + 1), Reset: true}, true},
		"a reset, old":                       {Strike{State: Unknown, At: now.Add(-ResetOnTheWire), Reset: true}, false},
		"under way":                          {Strike{ID: "held", State: Pending, At: now}, true},
		"under way, by a clock of yesterday": {Strike{ID: "held", State: Pending, At: now.Add(-24 * time.Hour)}, true},
		"under way, by a clock of tomorrow":  {Strike{ID: "held", State: Pending, At: now.Add(24 * time.Hour)}, true},
		"by a clock a little ahead":          {Strike{State: Unknown, At: now.Add(time.Minute)}, true},
		"by a clock of tomorrow":             {Strike{State: Unknown, At: now.Add(24 * time.Hour)}, false},
		"pending, and nobody holds it":       {Strike{State: Pending, At: now.Add(-OnTheWire)}, false},
		"a state of a later version, old":    {Strike{State: "new", At: now.Add(-OnTheWire)}, false},
	} {
		r := Record{Strikes: []Strike{c.s}, Lease: &Lease{ID: "held"}}
		if kept := len(r.Cleared(now).Strikes) == 1; kept != c.kept {
			t.Errorf("%s: kept %v, want %v", name, kept, c.kept)
		}
	}
}

func TestClearedIsAFreshStartButForKnownPasswords(t *testing.T) {
	r := strikes(HardLimit)
	r.Freed, r.ProbeOwed, r.NotBefore, r.Backoff = 2, true, now.Add(time.Minute), time.Minute
	r.Refused, r.Retired = []string{"a"}, []string{"b"}
	r = r.Cleared(now)
	if len(r.Strikes) != 0 || r.Freed != 0 || r.ProbeOwed || r.Wait(now) != 0 || r.Backoff != 0 {
		t.Errorf("record %+v", r)
	}
	if !r.Known("a") || !r.Known("b") {
		t.Error("passwords known to be wrong are right again")
	}
	if _, v := r.BeginLogin(asking("x", "c")); v.Decision != Proceed {
		t.Errorf("decision %d, want Proceed", v.Decision)
	}
	if allowed, _ := r.AllowOne(); allowed.OneAttempt {
		if _, v := allowed.BeginLogin(asking("x", "a")); v.Decision != Proceed {
			t.Errorf("one attempt with a refused password: decision %d, want Proceed", v.Decision)
		}
	}
}

// With a clock that was a day ahead when it was listed, a strike could have been kept for a day, and
// four of them would have left nothing that a person could do.
func TestWrongClockLeavesAWayOut(t *testing.T) {
	r := strikes(HardLimit)
	for i := range r.Strikes {
		r.Strikes[i].Over, r.Strikes[i].At = 0, now.Add(24*time.Hour)
	}
	if _, ok := r.AllowOne(); ok {
		t.Fatal("a fifth strike is allowed")
	}
	if r = r.Cleared(now); len(r.Strikes) != 0 {
		t.Errorf("%d strikes are kept", len(r.Strikes))
	}
}

func TestAnAttemptMayArriveUntilItsTimeIsOverOrSomebodyHasSeenItEnd(t *testing.T) {
	for name, c := range map[string]struct {
		s    Strike
		want time.Time
	}{
		"a login":            {Strike{State: Unknown, At: now.Add(-time.Minute)}, now.Add(OnTheWire - time.Minute)},
		"a reset":            {Strike{State: Unknown, At: now.Add(-time.Minute), Reset: true}, now.Add(ResetOnTheWire - time.Minute)},
		"answered":           {Strike{State: Unknown, At: now.Add(-time.Minute), Over: 1}, time.Time{}},
		"old":                {Strike{State: Unknown, At: now.Add(-OnTheWire)}, time.Time{}},
		"under way":          {Strike{ID: "held", State: Pending, At: now.Add(-time.Minute)}, now.Add(OnTheWire - time.Minute)},
		"under way for long": {Strike{ID: "held", State: Pending, At: now.Add(-24 * time.Hour)}, now},
	} {
		r := Record{Strikes: []Strike{c.s}, Lease: &Lease{ID: "held"}}
		if got := r.MayArriveUntil(c.s, now); !got.Equal(c.want) {
			t.Errorf("%s: until %v, want %v", name, got, c.want)
		}
	}
}

func TestAMarkIsOrphanedAfterADayAndTheTimeZones(t *testing.T) {
	m := Rotation{Phase: Sending, At: now}
	for after, want := range map[time.Duration]bool{-24 * time.Hour: false, 0: false, Orphaned: false, Orphaned + 1: true} {
		if m.Orphaned(now.Add(after)) != want {
			t.Errorf("after %s: %v", after, !want)
		}
	}
	if (Rotation{Phase: Doubt, At: now}).Orphaned(now.Add(2 * Orphaned)) {
		t.Error("one that nobody is at")
	}
	if (Rotation{Phase: Sending}).Orphaned(now) {
		t.Error("one that does not say when it began")
	}
}
