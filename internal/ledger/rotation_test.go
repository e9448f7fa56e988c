package ledger

import (
	"slices"
	"testing"
	"time"
)

// sending lists a reset that is about to be sent, which must be allowed.
func sending(t *testing.T, r Record, c Claim) (Record, Attempt) {
	t.Helper()
	r, v := r.BeginRotation(c)
	if v.Decision != Proceed {
		t.Fatalf("decision %d, want Proceed", v.Decision)
	}
	r, mine := r.SendReset(c.ID)
	if !mine {
		t.Fatal("the mark is not the one that was just set")
	}
	return r, v.Attempt
}

// lapsed is a claim of a process that has seen these leases or marks unchanged for their length.
func lapsed(id, fingerprint string, ids ...string) Claim {
	c := asking(id, fingerprint)
	c.Lapsed = ids
	return c
}

func TestRotationIsMarkedAndListedBeforeItIsSent(t *testing.T) {
	r, v := Record{}.BeginRotation(asking("m", "old"))
	if v.Decision != Proceed || !v.Changed || len(r.Strikes) != 1 || !r.Strikes[0].Reset || r.Strikes[0].State != Pending {
		t.Fatalf("verdict %+v, strikes %+v", v, r.Strikes)
	}
	if m := r.Rotation; m == nil || m.ID != "m" || m.Phase != Proving || m.Old != "old" || m.Length != time.Minute || m.Seq != 1 {
		t.Errorf("mark %+v", r.Rotation)
	}
	if r.Lease != nil {
		t.Error("a rotation is no login, and holds no lease")
	}
}

func TestNobodyElseBeginsWhileARotationRuns(t *testing.T) {
	proving, v := Record{}.BeginRotation(asking("m", "old"))
	sent, _ := proving.SendReset("m")
	saving := sent.SettleRotation(v.Attempt, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	later := saving.clone()
	later.Rotation.Phase = "a phase of a later version"
	for name, r := range map[string]Record{"proving": proving, "sending": sent, "saving": saving, "unheard of": later} {
		for _, begin := range []func(Record, Claim) (Record, Verdict){Record.BeginLogin, Record.BeginRotation} {
			if _, v := begin(r, asking("b", "another")); v.Decision != WaitRotate || v.Lease.ID != "m" || v.Changed {
				t.Errorf("%s: %+v, want to wait for mark m", name, v)
			}
		}
	}
}

func TestOldPasswordWaitsWhileItsSuccessorIsSaved(t *testing.T) {
	r, a := sending(t, Record{}, asking("m", "old"))
	r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	for _, canSave := range []bool{true, false} {
		c := asking("b", "old")
		c.CanSave = canSave
		if _, v := r.BeginLogin(c); v.Decision != WaitRotate {
			t.Errorf("can save %v: decision %d, want WaitRotate", canSave, v.Decision)
		}
	}
	if _, v := r.BeginLogin(lapsed("b", "old", "m")); v.Decision != LatchedRetired {
		t.Errorf("when nobody saves it, and this one cannot: decision %d, want LatchedRetired", v.Decision)
	}
	r, _ = r.Saved("m")
	if _, v := r.BeginLogin(asking("b", "old")); v.Decision != LatchedRetired {
		t.Errorf("afterwards: decision %d, want LatchedRetired", v.Decision)
	}
	if _, v := r.BeginLogin(asking("b", "new")); v.Decision != Proceed {
		t.Errorf("the new one: decision %d, want Proceed", v.Decision)
	}
}

func TestWhoCanSaveFinishesADeadProcesssRotation(t *testing.T) {
	r, a := sending(t, Record{}, asking("dead", "old"))
	r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	for _, fingerprint := range []string{"old", "new", "another"} {
		c := lapsed("b", fingerprint, "dead")
		c.CanSave, c.Length = true, time.Hour
		after, v := r.BeginLogin(c)
		m := after.Rotation
		if v.Decision != FinishFirst || !v.Changed || v.Lapsed != "dead" || m.ID != "b" || m.Length != time.Hour || m.Sealed == nil {
			t.Errorf("with %s: %+v, mark %+v", fingerprint, v, m)
		}
		if len(after.Strikes) != 0 {
			t.Errorf("with %s: %d strikes", fingerprint, len(after.Strikes))
		}
		if done, mine := after.Saved("dead"); mine || done.Rotation == nil {
			t.Errorf("with %s: the dead process clears the mark of another", fingerprint)
		}
	}
}

func TestDeathBeforeTheResetLeavesNoDoubtAndAfterItDoes(t *testing.T) {
	proving, v := Record{}.BeginRotation(asking("dead", "old"))
	r, w := proving.BeginLogin(lapsed("b", "old", "dead"))
	if w.Decision != Proceed || w.Lapsed != "dead" || r.Rotation != nil || len(r.Strikes) != 1 || r.Strikes[0].ID != "b" {
		t.Errorf("while proving: %+v, record %+v", w, r)
	}
	if after, mine := r.SendReset(v.Attempt.ID); mine || after.Rotation != nil {
		t.Error("who was given up on may send")
	}
	sent, _ := proving.SendReset("dead")
	r, w = sent.BeginLogin(lapsed("b", "old", "dead"))
	if w.Lapsed != "dead" || r.Rotation == nil || r.Rotation.Phase != Doubt || r.Strikes[0].State != Unknown {
		t.Errorf("while sending: %+v, mark %+v", w, r.Rotation)
	}
}

func TestAnswerToAResetSaysWhatIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		answer  Answer
		phase   Phase // "" for no mark
		state   State // "" for no strike
		retired bool
	}{
		"accepted":      {Answer{Outcome: Accepted, New: "new", Sealed: []byte{1}}, Saving, "", true},
		"rejected":      {Answer{Outcome: Rejected, Answered: true}, "", Refused, false},
		"not evaluated": {Answer{Outcome: NotEvaluated}, "", "", false},
		"throttled":     {Answer{Outcome: Throttled, Answered: true}, Doubt, Unknown, false},
		"no answer":     {Answer{Outcome: NoAnswer}, Doubt, Unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := sending(t, Record{}, asking("m", "old"))
			c.answer.Now = now
			r = r.SettleRotation(a, c.answer)
			var phase Phase
			if r.Rotation != nil {
				phase = r.Rotation.Phase
			}
			var state State
			if len(r.Strikes) == 1 {
				state = r.Strikes[0].State
			}
			if phase != c.phase || state != c.state || slices.Contains(r.Retired, "old") != c.retired {
				t.Errorf("phase %q, strike %q, retired %q", phase, state, r.Retired)
			}
			if c.phase == Saving && (r.Rotation.New != "new" || r.Rotation.Sealed == nil || r.Epoch != a.Epoch+1) {
				t.Errorf("mark %+v, epoch %d", r.Rotation, r.Epoch)
			}
		})
	}
}

// doubtful is a record of a reset whose answer was lost.
func doubtful(t *testing.T) Record {
	t.Helper()
	r, a := sending(t, Record{}, asking("m", "old"))
	return r.SettleRotation(a, Answer{Outcome: NoAnswer, Now: now})
}

func TestDoubtIsSettledByTheNextLoginThatIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		outcome  Outcome
		phase    Phase // "" for no mark
		lost     bool
		retired  bool
	}{
		"the old one is accepted":    {"old", Accepted, Settled, false, false},
		"the old one is refused":     {"old", Rejected, Lost, true, false},
		"the old one, nobody knows":  {"old", NoAnswer, Doubt, false, false},
		"the old one, not evaluated": {"old", NotEvaluated, Doubt, false, false},
		"another is accepted":        {"other", Accepted, "", false, true},
		"another is refused":         {"other", Rejected, Doubt, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := begun(t, doubtful(t), asking("b", c.password))
			r, s := r.SettleLogin(a, Answer{Outcome: c.outcome, Now: now, App: theApp})
			var phase Phase
			if r.Rotation != nil {
				phase = r.Rotation.Phase
			}
			if phase != c.phase || s.Lost != c.lost || slices.Contains(r.Retired, "old") != c.retired {
				t.Errorf("phase %q, lost %v, retired %q; want %q, %v, %v", phase, s.Lost, r.Retired, c.phase, c.lost, c.retired)
			}
			if c.phase == Lost {
				if _, v := r.BeginLogin(asking("c", "old")); v.Decision != PasswordLost {
					t.Errorf("decision %d, want PasswordLost", v.Decision)
				}
			}
		})
	}
}

func TestLoginFromBeforeTheResetSettlesNothing(t *testing.T) {
	before := Attempt{ID: "a", Seq: 0, Fingerprint: "old"}
	for _, outcome := range []Outcome{Accepted, Rejected} {
		r, s := doubtful(t).SettleLogin(before, Answer{Outcome: outcome, Now: now, App: theApp})
		if r.Rotation == nil || r.Rotation.Phase != Doubt || s.Lost {
			t.Errorf("outcome %d: mark %+v, lost %v", outcome, r.Rotation, s.Lost)
		}
	}
}

func TestDoubtIsOverWhenTheResetCannotArriveAnyMore(t *testing.T) {
	r := doubtful(t)
	c := asking("b", "old")
	c.Now = now.Add(ResetOnTheWire)
	r, a := begun(t, r, c)
	r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: c.Now, App: theApp})
	if r.Rotation != nil || len(r.Strikes) != 0 {
		t.Errorf("mark %+v, strikes %+v", r.Rotation, r.Strikes)
	}
}

func TestNoRotationBeginsInDoubt(t *testing.T) {
	r := doubtful(t)
	if _, v := r.BeginRotation(asking("b", "old")); v.Decision != InDoubt {
		t.Errorf("decision %d, want InDoubt", v.Decision)
	}
	r, a := begun(t, r, asking("b", "old"))
	r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	if _, v := r.BeginRotation(asking("c", "another")); v.Decision != InDoubt {
		t.Errorf("settled, with another password: decision %d, want InDoubt", v.Decision)
	}
	r, v := r.BeginRotation(asking("c", "old"))
	if v.Decision != Proceed || !r.Rotation.Rival {
		t.Errorf("settled, with the same: decision %d, mark %+v", v.Decision, r.Rotation)
	}
}

// The first reset may arrive after all: then the second is refused because of it.
func TestRefusalOfASecondResetIsADoubtAboutTheFirst(t *testing.T) {
	second := func(outcome Outcome) Record {
		r := doubtful(t)
		r, a := begun(t, r, asking("b", "old"))
		r, _ = r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
		r, a = sending(t, r, asking("c", "old"))
		return r.SettleRotation(a, Answer{Outcome: outcome, Now: now, Answered: true})
	}
	if m := second(Rejected).Rotation; m == nil || m.Phase != Doubt {
		t.Errorf("refused: mark %+v, want a doubt", m)
	}
	if m := second(NotEvaluated).Rotation; m == nil || m.Phase != Settled {
		t.Errorf("not evaluated: mark %+v, want settled as it was", m)
	}
}

func TestLateAcceptanceIsTakenAlthoughTheMarkWasGivenUp(t *testing.T) {
	r, a := sending(t, Record{}, asking("slow", "old"))
	r, v := r.BeginLogin(lapsed("b", "old", "slow"))
	r, _ = r.SettleLogin(v.Attempt, Answer{Outcome: NoAnswer, Now: now})
	r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	if m := r.Rotation; m == nil || m.Phase != Saving || m.New != "new" || !slices.Contains(r.Retired, "old") {
		t.Errorf("mark %+v, retired %q", m, r.Retired)
	}
}

func TestOldNewsDoesNotReplaceALaterRotation(t *testing.T) {
	r, a := sending(t, Record{}, asking("slow", "old"))
	r, _ = r.BeginLogin(lapsed("b", "old", "slow"))
	r.Rotation, r.Lease, r.ProbeOwed, r.NotBefore = nil, nil, false, time.Time{}
	r, later := sending(t, r, asking("later", "newer"))
	r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	if m := r.Rotation; m.ID != later.ID || !m.Rival || m.Old != "newer" {
		t.Errorf("mark %+v, want the later one", m)
	}
}

func TestPasswordThatThePlatformMadeBeforeIsRightAgain(t *testing.T) {
	r, a := sending(t, Record{Retired: []string{"again"}, Refused: []string{"again"}}, asking("m", "old"))
	r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "again", Sealed: []byte{1}})
	if r.Known("again") || !r.Known("old") {
		t.Errorf("refused %q, retired %q", r.Refused, r.Retired)
	}
}

func TestRetiredPasswordsAreBoundedAndTheOldestGoes(t *testing.T) {
	var r Record
	for n := range maxRetired + 2 {
		r.Rotation, r.Strikes = nil, nil
		var a Attempt
		r, a = sending(t, r, asking("m", string(rune('A'+n))))
		r = r.SettleRotation(a, Answer{Outcome: Accepted, Now: now, New: "new", Sealed: []byte{1}})
	}
	if len(r.Retired) != maxRetired || r.Known("A") || !r.Known(string(rune('A'+maxRetired+1))) {
		t.Errorf("retired are %q", r.Retired)
	}
}

func TestOnlyTheHolderOfASavingMarkClearsOrAbandonsIt(t *testing.T) {
	for _, phase := range []Phase{Proving, Sending, Saving, Doubt, Lost, Settled, "later"} {
		r := Record{Rotation: &Rotation{ID: "m", Phase: phase, Length: time.Minute}}
		for _, id := range []string{"m", "x", ""} {
			want := phase == Saving && id == "m"
			if after, ok := r.Saved(id); ok != want || (after.Rotation == nil) != want {
				t.Errorf("saved by %q in %s: %v", id, phase, ok)
			}
			if after, ok := r.Abandon(id); ok != want || (after.Rotation.Length == 1) != want {
				t.Errorf("abandoned by %q in %s: %v", id, phase, ok)
			}
			if r.Rotation.Length != time.Minute {
				t.Fatal("the record before was changed")
			}
		}
		want := phase == Proving || phase == Sending
		if after, ok := r.SendReset("m"); ok != want || want && after.Rotation.Phase != Sending {
			t.Errorf("sent in %s: %v", phase, ok)
		}
	}
	if _, ok := (Record{}).Saved("m"); ok {
		t.Error("no mark, and it is cleared")
	}
	if _, ok := (Record{}).Abandon("m"); ok {
		t.Error("no mark, and it is abandoned")
	}
}

func TestCancelledRotationLeavesNothingBehind(t *testing.T) {
	r, v := Record{}.BeginRotation(asking("m", "old"))
	if r = r.Cancel(v.Attempt); r.Rotation != nil || len(r.Strikes) != 0 {
		t.Errorf("mark %+v, strikes %+v", r.Rotation, r.Strikes)
	}
	if r = r.Cancel(v.Attempt); r.Rotation != nil {
		t.Error("cancelled twice")
	}
}

// A later version may have a phase of its own. It is waited for, then doubted, and a login settles the
// doubt, as with any process that died.
func TestUnknownPhaseIsWaitedForThenDoubtedThenSettled(t *testing.T) {
	r := Record{Seq: 1, Rotation: &Rotation{ID: "new", Seq: 1, Phase: "verifying", Old: "old", Sealed: []byte{1}, At: now, Length: time.Minute}}
	if !r.Rotation.Busy() {
		t.Error("nobody watches it lapse")
	}
	if _, v := r.BeginLogin(asking("b", "old")); v.Decision != WaitRotate {
		t.Fatalf("decision %d, want WaitRotate", v.Decision)
	}
	r, v := r.BeginLogin(lapsed("b", "old", "new"))
	if v.Decision != Proceed || v.Lapsed != "new" || r.Rotation.Phase != Doubt || r.Rotation.Sealed == nil {
		t.Fatalf("verdict %+v, mark %+v, want a doubt that keeps what is sealed", v, r.Rotation)
	}
	r, _ = r.SettleLogin(v.Attempt, Answer{Outcome: Accepted, Now: now, App: theApp})
	if _, v := r.BeginRotation(asking("c", "old")); v.Decision != Proceed {
		t.Errorf("after a login rotations begin with %d, want Proceed", v.Decision)
	}
}

func TestBusyAreThePhasesThatLapse(t *testing.T) {
	for phase, want := range map[Phase]bool{
		Proving: true, Sending: true, Saving: true, "later": true, "": true, Doubt: false, Lost: false, Settled: false,
	} {
		if (Rotation{Phase: phase}).Busy() != want {
			t.Errorf("%q: %v", phase, !want)
		}
	}
}
