package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// asking is a claim of a process that holds a password.
func asking(id, fingerprint string) Claim {
	return Claim{ID: id, Fingerprint: fingerprint, Now: now, Length: time.Minute, App: theApp}
}

// begun lists a login, which must be allowed.
func begun(t *testing.T, r Record, c Claim) (Record, Attempt) {
	t.Helper()
	r, v := r.BeginLogin(c)
	if v.Decision != Proceed {
		t.Fatalf("decision %d, want Proceed", v.Decision)
	}
	return r, v.Attempt
}

// strikes is a record that lists so many attempts, of which none is on its way.
func strikes(n int) Record {
	r := Record{Seq: uint64(n)}
	for i := range n {
		r.Strikes = append(r.Strikes, Strike{
			ID: fmt.Sprint("s", i), Seq: uint64(i) + 1, State: Unknown, At: now.Add(-time.Hour), Over: uint64(n),
		})
	}
	return r
}

func TestAttemptIsListedAndLeasedBeforeItIsSent(t *testing.T) {
	r, v := Record{}.BeginLogin(asking("a", "right"))
	if v.Decision != Proceed || !v.Changed {
		t.Fatalf("verdict %+v", v)
	}
	if len(r.Strikes) != 1 || r.Strikes[0].State != Pending || r.Strikes[0].ID != "a" || r.Strikes[0].Over != 0 {
		t.Errorf("strikes %+v, want one pending", r.Strikes)
	}
	if r.Lease == nil || r.Lease.ID != "a" || r.Lease.Probe || r.Lease.Length != time.Minute {
		t.Errorf("lease %+v", r.Lease)
	}
	if want := (Attempt{ID: "a", Seq: 1, Fingerprint: "right", At: now, Length: time.Minute}); v.Attempt != want {
		t.Errorf("attempt %+v, want %+v", v.Attempt, want)
	}
}

func TestBeginningChangesNothingInTheRecordItBeganFrom(t *testing.T) {
	r, a := begun(t, strikes(2), asking("a", "right"))
	r.Applications = applications{theApp: {}}
	r.Rotation = &Rotation{ID: "m", Phase: Doubt, Old: "right", At: now}
	before := string(encoded(t, r))
	r.BeginLogin(Claim{ID: "b", Fingerprint: "right", Now: now, Lapsed: []string{"a"}})
	r.BeginRotation(Claim{ID: "b", Fingerprint: "right", Now: now, Lapsed: []string{"a"}})
	r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	r.SettleRotation(a, Answer{Outcome: NoAnswer, Now: now})
	r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new"})
	r.Cancel(a)
	r.Cleared(now)
	r.AllowOne()
	r.BeginLogout()
	r.BeginFetch(theApp, asking("f", "right"))
	if after := string(encoded(t, r)); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestWhatIsKnownAgainstAPasswordStopsItAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		r    Record
		want Decision
	}{
		"refused": {Record{Refused: []string{"x", "old"}}, LatchedRefused},
		"retired": {Record{Retired: []string{"old"}}, LatchedRetired},
		"lost":    {Record{Rotation: &Rotation{ID: "m", Phase: Lost, Old: "old"}}, PasswordLost},
	} {
		t.Run(name, func(t *testing.T) {
			c.r.Lease = &Lease{ID: "busy"} // whoever else is busy
			r, v := c.r.BeginLogin(asking("a", "old"))
			if v.Decision != c.want || v.Changed || len(r.Strikes) != 0 {
				t.Errorf("verdict %+v, %d strikes, want decision %d and nothing changed", v, len(r.Strikes), c.want)
			}
			if _, v := c.r.BeginRotation(asking("a", "old")); v.Decision != c.want {
				t.Errorf("to a rotation: decision %d, want %d", v.Decision, c.want)
			}
			c.r.Lease = nil
			if _, v := c.r.BeginLogin(asking("a", "another")); v.Decision != Proceed {
				t.Errorf("another password: decision %d, want Proceed", v.Decision)
			}
		})
	}
}

func TestLoginsStopAtThreeStrikesWhateverThePassword(t *testing.T) {
	for n, want := range []Decision{Proceed, Proceed, Proceed, LatchedStrikes, LatchedStrikes, LatchedStrikes} {
		r, v := strikes(n).BeginLogin(asking("a", "fresh"))
		if v.Decision != want {
			t.Errorf("%d strikes: decision %d, want %d", n, v.Decision, want)
		}
		if len(r.Strikes) > Limit && len(r.Strikes) > n {
			t.Errorf("%d strikes: one more was listed", n)
		}
		if _, v := strikes(n).BeginRotation(asking("a", "fresh")); v.Decision != want {
			t.Errorf("%d strikes: to a rotation %d, want %d", n, v.Decision, want)
		}
	}
}

func TestOneAttemptAtATime(t *testing.T) {
	r, _ := begun(t, Record{}, asking("a", "right"))
	for name, begin := range map[string]func(Record, Claim) (Record, Verdict){
		"login": Record.BeginLogin, "rotation": Record.BeginRotation,
	} {
		_, v := begin(r, asking("b", "right"))
		if v.Decision != WaitLogin || v.Lease.ID != "a" || v.Lease.Length != time.Minute || v.Changed {
			t.Errorf("%s: verdict %+v, want to wait for lease a", name, v)
		}
	}
}

func TestAttemptOfADeadHolderBecomesUnknownAndOwesAProbe(t *testing.T) {
	r, _ := begun(t, Record{}, asking("dead", "right"))
	c := asking("b", "right")
	c.Lapsed = []string{"dead"}
	r, v := r.BeginLogin(c)
	if v.Decision != Backoff || !v.Changed || v.Lapsed != "dead" || v.Wait != firstBackoff {
		t.Fatalf("verdict %+v, want a pause of %v and the lease given up", v, firstBackoff)
	}
	if r.Lease != nil || r.Strikes[0].State != Unknown || !r.ProbeOwed || r.Strikes[0].Over != 0 {
		t.Errorf("record %+v", r)
	}
	c.Now = now.Add(firstBackoff)
	r, v = r.BeginLogin(c)
	if v.Decision != ProbeFirst || !r.Lease.Probe || r.Lease.ID != "b" || len(r.Strikes) != 1 {
		t.Errorf("after the pause: %+v, lease %+v", v, r.Lease)
	}
}

func TestProbeOfADeadHolderCostsNothing(t *testing.T) {
	r := Record{Lease: &Lease{ID: "dead", Probe: true, Length: time.Minute}}
	c := asking("b", "right")
	c.Lapsed = []string{"dead"}
	r, v := r.BeginLogin(c)
	if v.Decision != Proceed || len(r.Strikes) != 1 || r.Strikes[0].ID != "b" || r.ProbeOwed {
		t.Errorf("verdict %+v, record %+v", v, r)
	}
}

func TestOwedProbeComesBeforeALogin(t *testing.T) {
	owed := Record{ProbeOwed: true}
	for name, begin := range map[string]func(Record, Claim) (Record, Verdict){
		"login": Record.BeginLogin, "rotation": Record.BeginRotation,
	} {
		r, v := begin(owed, asking("a", "right"))
		if v.Decision != ProbeFirst || !v.Changed || !r.Holds("a") || len(r.Strikes) != 0 {
			t.Errorf("%s: %+v, record %+v", name, v, r)
		}
		c := asking("a", "right")
		c.NoProbe = true
		if _, v := begin(owed, c); v.Decision != LatchedProbe || v.Changed {
			t.Errorf("%s with the probe switched off: %+v", name, v)
		}
	}
}

func TestPauseIsKeptAndAWrongClockIsNot(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		want  Decision
		wait  time.Duration
	}{
		{-time.Second, Proceed, 0},
		{0, Proceed, 0},
		{time.Second, Backoff, time.Second},
		{maxBackoff, Backoff, maxBackoff},
		{maxRetryAfter, Backoff, maxRetryAfter},
		{maxRetryAfter + 1, Proceed, 0}, // no pause of ours: a clock was set back
		{365 * 24 * time.Hour, Proceed, 0},
	} {
		_, v := Record{NotBefore: now.Add(c.ahead)}.BeginLogin(asking("a", "right"))
		if v.Decision != c.want || v.Wait != c.wait {
			t.Errorf("%v ahead: decision %d wait %v, want %d and %v", c.ahead, v.Decision, v.Wait, c.want, c.wait)
		}
	}
}

func TestOneAttemptGoesThroughAllThatAPersonMayOverrule(t *testing.T) {
	r := strikes(Limit)
	r.Refused, r.ProbeOwed, r.NotBefore, r.OneAttempt = []string{"right"}, true, now.Add(time.Minute), true
	r, a := begun(t, r, asking("a", "right"))
	if r.OneAttempt {
		t.Error("it is not used up")
	}
	r, _ = r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	if _, v := r.BeginLogin(asking("b", "right")); v.Decision != LatchedRefused {
		t.Errorf("a second one: decision %d, want LatchedRefused", v.Decision)
	}
	if _, v := r.BeginLogin(asking("b", "fresh")); v.Decision != LatchedStrikes {
		t.Errorf("a second one, another password: decision %d, want LatchedStrikes", v.Decision)
	}
}

func TestOneAttemptDoesNotGoThroughWhatNobodyMayOverrule(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Record)
		want   Decision
	}{
		"a retired password":       {func(r *Record) { r.Retired = []string{"right"} }, LatchedRetired},
		"four strikes":             {func(r *Record) { *r = strikes(HardLimit) }, LatchedStrikes},
		"another process's login":  {func(r *Record) { r.Lease = &Lease{ID: "x"} }, WaitLogin},
		"a rotation that runs":     {func(r *Record) { r.Rotation = &Rotation{ID: "x", Phase: Sending, Old: "right"} }, WaitRotate},
		"a rotation that is saved": {func(r *Record) { r.Rotation = &Rotation{ID: "x", Phase: Saving, Old: "right"} }, WaitRotate},
	} {
		var r Record
		c.change(&r)
		r.OneAttempt = true
		after, v := r.BeginLogin(asking("a", "right"))
		if v.Decision != c.want || !after.OneAttempt {
			t.Errorf("%s: decision %d, still allowed %v, want %d and true", name, v.Decision, after.OneAttempt, c.want)
		}
	}
}

func TestOneAttemptIsForALoginAndNotForARotation(t *testing.T) {
	r := strikes(Limit)
	r.OneAttempt = true
	if _, v := r.BeginRotation(asking("a", "right")); v.Decision != LatchedStrikes {
		t.Errorf("decision %d, want LatchedStrikes", v.Decision)
	}
	r = Record{OneAttempt: true, Refused: []string{"right"}}
	if _, v := r.BeginRotation(asking("a", "right")); v.Decision != LatchedRefused {
		t.Errorf("refused: decision %d, want LatchedRefused", v.Decision)
	}
}

func TestSessionsThatNeverWorkSlowLoginsDown(t *testing.T) {
	r := Record{Seq: 1, Applications: applications{theApp: {
		Session: &Session{Generation: 7, Seq: 1, Obtained: now}, Unproven: unprovenLimit,
	}}}
	c := asking("a", "right")
	c.Replaces = 7
	if _, v := r.BeginLogin(c); v.Decision != Backoff || v.Wait != unprovenPause {
		t.Errorf("verdict %+v, want a pause of %v", v, unprovenPause)
	}
	for name, change := range map[string]func(*Claim){
		"a minute later":               func(c *Claim) { c.Now = now.Add(unprovenPause) },
		"a clock that was set back":    func(c *Claim) { c.Now = now.Add(-time.Second) },
		"another application":          func(c *Claim) { c.App = "other" },
		"the session of another login": func(c *Claim) { c.Replaces = 6 },
		"a new session for its own":    func(c *Claim) { c.Replaces = 0 },
	} {
		other := c
		change(&other)
		if _, v := r.BeginLogin(other); v.Decision != Proceed {
			t.Errorf("%s: decision %d, want Proceed", name, v.Decision)
		}
	}
	r, changed := r.Touch(theApp, 7, now)
	if _, v := r.BeginLogin(c); !changed || v.Decision != Proceed {
		t.Errorf("once it has worked: decision %d, want Proceed", v.Decision)
	}
}

func TestOnlyUnprovenReplacementsAreCounted(t *testing.T) {
	r := Record{Seq: 1, Applications: applications{theApp: {Session: &Session{Generation: 7, Seq: 1, Obtained: now}}}}
	for replaces, want := range map[uint64]int{0: 0, 6: 0, 7: 1} {
		c := asking("a", "right")
		c.Replaces = replaces
		after, _ := begun(t, r, c)
		if got := after.Applications[theApp].Unproven; got != want {
			t.Errorf("replacing generation %d: %d counted, want %d", replaces, got, want)
		}
	}
}

func TestAttemptsAreNumberedAndWhatIsOldIsOver(t *testing.T) {
	r := Record{Seq: 4, Strikes: []Strike{
		{ID: "old", Seq: 1, State: Unknown, At: now.Add(-OnTheWire)},
		{ID: "young", Seq: 2, State: Unknown, At: now.Add(-OnTheWire + 1)},
		{ID: "old reset", Seq: 3, State: Unknown, At: now.Add(-ResetOnTheWire), Reset: true},
		{ID: "young reset", Seq: 4, State: Unknown, At: now.Add(-ResetOnTheWire + 1), Reset: true},
		{ID: "far ahead", Seq: 4, State: Unknown, At: now.Add(maxRetryAfter + 1)},
		{ID: "ahead", Seq: 4, State: Unknown, At: now.Add(maxRetryAfter)},
		{ID: "nobody's", Seq: 4, State: Pending, At: now.Add(-OnTheWire)},
		{ID: "over", Seq: 4, State: Unknown, At: now, Over: 2},
	}}
	r.reserve(asking("a", "right"), false)
	if r.Seq != 5 {
		t.Errorf("seq %d, want 5", r.Seq)
	}
	want := map[string]uint64{"old": 4, "old reset": 4, "far ahead": 4, "nobody's": 4, "over": 2}
	for _, s := range r.Strikes {
		if s.Over != want[s.ID] {
			t.Errorf("%s: over at %d, want %d", s.ID, s.Over, want[s.ID])
		}
	}
}

func TestOnlyItsHolderIsHeld(t *testing.T) {
	r := Record{Lease: &Lease{ID: "l"}, Rotation: &Rotation{ID: "m"}}
	for id, want := range map[string]bool{"l": true, "m": true, "x": false, "": false} {
		if r.Holds(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
	if (Record{}).Holds("") {
		t.Error("nothing is held by nobody")
	}
}

func TestKnownAreRefusedAndRetired(t *testing.T) {
	r := Record{Refused: []string{"a"}, Retired: []string{"b"}}
	if !r.Known("a") || !r.Known("b") || r.Known("c") {
		t.Error("known otherwise")
	}
}

func encoded(t *testing.T, r Record) []byte {
	t.Helper()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(data)
}
