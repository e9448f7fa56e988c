package ledger

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestOnlyWhatIsKnownNotToCountIsGivenBack(t *testing.T) {
	for name, c := range map[string]struct {
		answer Answer
		state  State // "" if it is given back
		over   bool
		owed   bool
		refuse bool
	}{
		"accepted":                       {answer: Answer{Outcome: Accepted, Answered: true}},
		"rejected":                       {answer: Answer{Outcome: Rejected, Answered: true}, state: Refused, over: true, refuse: true},
		"not evaluated":                  {answer: Answer{Outcome: NotEvaluated, Answered: true}, owed: true},
		"not evaluated, and mended":      {answer: Answer{Outcome: NotEvaluated, Answered: true, Again: true}},
		"throttled":                      {answer: Answer{Outcome: Throttled, Answered: true}, state: Unknown, over: true, owed: true},
		"an answer that says nothing":    {answer: Answer{Outcome: NoAnswer, Answered: true}, state: Unknown, over: true, owed: true},
		"no answer":                      {answer: Answer{Outcome: NoAnswer}, state: Unknown, owed: true},
		"an outcome nobody has heard of": {answer: Answer{Outcome: 99}, state: Unknown, owed: true},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := begun(t, Record{}, asking("a", "right"))
			c.answer.Now, c.answer.App = now, theApp
			r, s := r.SettleLogin(a, c.answer)
			if r.Lease != nil {
				t.Error("the lease is held still")
			}
			switch {
			case c.state == "" && len(r.Strikes) != 0:
				t.Errorf("strikes %+v, want none", r.Strikes)
			case c.state != "" && (len(r.Strikes) != 1 || r.Strikes[0].State != c.state || r.Strikes[0].Over != 0 != c.over):
				t.Errorf("strikes %+v, want one %s, over %v", r.Strikes, c.state, c.over)
			}
			if s.Strikes != len(r.Strikes) {
				t.Errorf("%d strikes are told, want %d", s.Strikes, len(r.Strikes))
			}
			if r.ProbeOwed != c.owed || r.NotBefore.IsZero() == c.owed {
				t.Errorf("probe owed %v, not before %v; want owed %v", r.ProbeOwed, r.NotBefore, c.owed)
			}
			if r.Known("right") != c.refuse {
				t.Errorf("known against the password: %v, want %v", r.Known("right"), c.refuse)
			}
			if s.Published != (c.answer.Outcome == Accepted) {
				t.Errorf("published: %v", s.Published)
			}
		})
	}
}

// A swap may have happened although the store says it failed: then the answer is recorded once more.
func TestAnAnswerMayBeRecordedTwice(t *testing.T) {
	for _, outcome := range []Outcome{Accepted, Rejected, Throttled, NoAnswer} {
		r, a := begun(t, strikes(1), asking("a", "right"))
		answer := Answer{Outcome: outcome, Now: now, App: theApp, Answered: true}
		once, _ := r.SettleLogin(a, answer)
		twice, s := once.SettleLogin(a, answer)
		if !reflect.DeepEqual(once.Strikes, twice.Strikes) || !slices.Equal(once.Refused, twice.Refused) {
			t.Errorf("%d: once %+v, twice %+v", outcome, once, twice)
		}
		if outcome == Accepted && !s.Published {
			t.Error("an accepted login is not published the second time")
		}
	}
}

func TestSuccessStrikesOffOnlyWhatWasOverWhenItBegan(t *testing.T) {
	r := Record{Seq: 3, Strikes: []Strike{
		{ID: "over", Seq: 1, State: Refused, At: now, Over: 3},
		{ID: "on its way", Seq: 2, State: Unknown, At: now},
		{ID: "long ago", Seq: 3, State: Unknown, At: now.Add(-OnTheWire)},
	}}
	r.OneAttempt = true
	r, a := begun(t, r, asking("a", "right"))
	r.list(Strike{ID: "over since", Seq: 2, State: Unknown, At: now, Over: r.Seq})
	r.list(Strike{ID: "later", Seq: 5, State: Pending, At: now})
	r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	var left []string
	for _, s := range r.Strikes {
		left = append(left, s.ID)
	}
	if want := []string{"on its way", "over since", "later"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}

// A user asked why it was listed eleven minutes and several logins later: this is how long.
func TestResetOfUnknownOutcomeIsStruckOffByTheFirstSuccessAfterAQuarterOfAnHour(t *testing.T) {
	r, a := sending(t, Record{}, asking("reset", "right"))
	r = r.SettleRotation(a, Answer{Outcome: NoAnswer, Now: now})
	later := now
	success := func(id string) {
		t.Helper()
		c := asking(id, "right")
		c.Now = later
		var a Attempt
		r, a = begun(t, r, c)
		r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: later, App: theApp})
	}
	for _, after := range []time.Duration{time.Minute, 5 * time.Minute, 11 * time.Minute, ResetOnTheWire - 1} {
		later = now.Add(after)
		success(after.String())
		if cleared := r.Cleared(later); len(r.Strikes) != 1 || len(cleared.Strikes) != 1 {
			t.Errorf("after %v: %d listed, %d after a rearm, want 1 and 1: it may arrive yet", after, len(r.Strikes), len(cleared.Strikes))
		}
	}
	later = now.Add(ResetOnTheWire)
	if cleared := r.Cleared(later); len(cleared.Strikes) != 0 {
		t.Errorf("after %v: %d listed after a rearm, want none", ResetOnTheWire, len(cleared.Strikes))
	}
	success("last")
	if len(r.Strikes) != 0 || r.Rotation != nil {
		t.Errorf("after %v and a success: strikes %+v, mark %+v, want neither", ResetOnTheWire, r.Strikes, r.Rotation)
	}
}

func TestAttemptsAreGivenBackTwiceBetweenSuccesses(t *testing.T) {
	var r Record
	for n, want := range []int{0, 0, 1, 2} {
		r.ProbeOwed, r.NotBefore = false, time.Time{}
		var a Attempt
		r, a = begun(t, r, asking(string(rune('a'+n)), "right"))
		r, _ = r.SettleLogin(a, Answer{Outcome: NotEvaluated, Now: now, Answered: true})
		if len(r.Strikes) != want {
			t.Errorf("after %d: %d strikes, want %d", n+1, len(r.Strikes), want)
		}
	}
	r.ProbeOwed, r.NotBefore = false, time.Time{}
	r, a := begun(t, r, asking("z", "right"))
	r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	if r.Freed != 0 || len(r.Strikes) != 0 {
		t.Errorf("after a success %d given back, %d strikes, want a fresh start", r.Freed, len(r.Strikes))
	}
}

func TestBackoffDoublesAndIsBounded(t *testing.T) {
	var r Record
	for _, want := range []time.Duration{
		2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second,
		64 * time.Second, 128 * time.Second, 256 * time.Second, maxBackoff, maxBackoff,
	} {
		r.owe(now, 0)
		if got := r.Wait(now); got != want {
			t.Errorf("pause %v, want %v", got, want)
		}
	}
	for asked, want := range map[time.Duration]time.Duration{
		time.Second: maxBackoff, 10 * time.Minute: 10 * time.Minute, 24 * time.Hour: maxRetryAfter, -time.Hour: maxBackoff,
	} {
		r.owe(now, asked)
		if got := r.Wait(now); got != want {
			t.Errorf("asked for %v: pause %v, want %v", asked, got, want)
		}
	}
	for _, garbage := range []time.Duration{-1, 1 << 62, -1 << 63} {
		r.Backoff = garbage
		r.owe(now, 0)
		if got := r.Wait(now); got < firstBackoff || got > maxBackoff {
			t.Errorf("a stored pause of %d makes one of %v", garbage, got)
		}
	}
}

func TestRefusalEndsTheDebtOfItsOwnAttemptOnly(t *testing.T) {
	r, a := begun(t, Record{}, asking("a", "right"))
	r.owe(now, 0)
	newest, _ := r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	if newest.ProbeOwed || newest.Wait(now) != 0 {
		t.Error("the platform has shown that it judges logins, and a probe is owed still")
	}
	r.Seq++ // somebody else has begun since
	older, _ := r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	if !older.ProbeOwed {
		t.Error("an old answer says that the platform is well now")
	}
}

func TestSuccessOfAnOlderAttemptForgetsNothingNewer(t *testing.T) {
	r, a := begun(t, Record{}, asking("a", "right"))
	r.owe(now, 0)
	r.Freed, r.OneAttempt = 1, true
	r.Seq++
	r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	if !r.ProbeOwed || r.Freed != 1 || !r.OneAttempt {
		t.Errorf("record %+v: the debt, what was given back and what a person allowed are newer", r)
	}
}

func TestSuccessTakesBackARefusalThatIsOlder(t *testing.T) {
	r, a := begun(t, Record{Refused: []string{"right", "other"}, OneAttempt: true}, asking("a", "right"))
	after, _ := r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	if !slices.Equal(after.Refused, []string{"other"}) {
		t.Errorf("refused are %q, want only the other", after.Refused)
	}
	// Refused by a later attempt: changed in between, so this acceptance is news of the past.
	r.Refused, r.RefusedSeq = []string{"right"}, a.Seq
	if after, _ := r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp}); !after.Known("right") {
		t.Error("a refusal that came later is forgotten")
	}
}

func TestRefusedPasswordsAreBoundedAndTheOldestGoes(t *testing.T) {
	var r Record
	for n := range maxRefused + 3 {
		r.Strikes, r.Lease = nil, nil
		var a Attempt
		r, a = begun(t, r, asking("a", string(rune('A'+n))))
		r, _ = r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	}
	if len(r.Refused) != maxRefused || r.Known("A") || !r.Known(string(rune('A'+maxRefused+2))) {
		t.Errorf("refused are %q", r.Refused)
	}
}

func TestListOfStrikesIsBounded(t *testing.T) {
	r := strikes(maxStrikes)
	r.list(Strike{ID: "one more", State: Refused})
	if len(r.Strikes) != maxStrikes {
		t.Errorf("%d listed", len(r.Strikes))
	}
	r.list(Strike{ID: "s0", State: Refused})
	if len(r.Strikes) != maxStrikes || r.Strikes[0].State != Refused {
		t.Error("one that is listed is not rewritten")
	}
}

func TestCancelledAttemptWasNeverThere(t *testing.T) {
	r, a := begun(t, strikes(1), asking("a", "right"))
	r = r.Cancel(a)
	if len(r.Strikes) != 1 || r.Lease != nil || r.ProbeOwed || r.Freed != 0 {
		t.Errorf("record %+v", r)
	}
	// Somebody has taken over, and is busy.
	r, _ = begun(t, r, asking("b", "right"))
	if r = r.Cancel(a); r.Lease == nil || len(r.Strikes) != 2 {
		t.Errorf("record %+v: another's attempt is not to be cancelled", r)
	}
}

func TestLateAnswerLeavesAnotherHoldersLeaseAlone(t *testing.T) {
	r, a := begun(t, Record{}, asking("a", "right"))
	r.Lease = &Lease{ID: "b"}
	for _, outcome := range []Outcome{Accepted, Rejected, NotEvaluated, Throttled, NoAnswer} {
		if after, _ := r.SettleLogin(a, Answer{Outcome: outcome, Now: now, App: theApp}); after.Lease == nil {
			t.Errorf("outcome %d ends the lease of another", outcome)
		}
	}
}

func TestAnswerIsCountedEvenIfItsStrikeWasTakenOff(t *testing.T) {
	r, a := begun(t, Record{}, asking("a", "right"))
	r.Strikes = nil // a person cleared it
	r, _ = r.SettleLogin(a, Answer{Outcome: Rejected, Now: now})
	if len(r.Strikes) != 1 {
		t.Error("a refusal after that is not listed")
	}
}

func TestProbeIsPaidByAnAnswerAndElsePutsOff(t *testing.T) {
	r := Record{ProbeOwed: true, Backoff: 4 * time.Second, Lease: &Lease{ID: "p", Probe: true}}
	if paid := r.SettleProbe("p", true, now, 0); paid.ProbeOwed || paid.Lease != nil || paid.Wait(now) != 0 {
		t.Errorf("paid: %+v", paid)
	}
	unpaid := r.SettleProbe("p", false, now, time.Minute)
	if !unpaid.ProbeOwed || unpaid.Lease != nil || unpaid.Wait(now) != time.Minute {
		t.Errorf("unpaid: %+v", unpaid)
	}
	if late := r.SettleProbe("other", true, now, 0); !late.ProbeOwed || late.Lease == nil {
		t.Errorf("the probe of one who was given up on: %+v", late)
	}
	if none := (Record{ProbeOwed: true}).SettleProbe("p", true, now, 0); !none.ProbeOwed {
		t.Error("a probe that nobody holds pays nothing")
	}
}
