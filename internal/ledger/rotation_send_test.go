package ledger

import (
	"testing"
	"time"
)

func begunRotation(t *testing.T) (Record, Attempt) {
	t.Helper()
	r, v := Record{}.BeginRotation(Claim{ID: "a", Fingerprint: "old", Now: now, Length: time.Minute})
	if v.Decision != Proceed {
		t.Fatalf("the rotation may not begin: %v", v.Decision)
	}
	return r, v.Attempt
}

func TestARotationGivenUpWhileItWasProvingLeavesNoStrikeAndNoDoubt(t *testing.T) {
	r, _ := begunRotation(t)
	next, v := r.BeginLogin(Claim{ID: "b", Fingerprint: "old", Now: now, Length: time.Minute, Lapsed: []string{"a"}})
	if v.Decision != Proceed || next.Rotation != nil || len(next.Strikes) != 1 || next.Strikes[0].ID != "b" {
		t.Errorf("decision %v, mark %+v, strikes %+v; want a login as if there had been no rotation", v.Decision, next.Rotation, next.Strikes)
	}
}

func TestARotationGivenUpOnceItMayHaveBeenSentIsInDoubt(t *testing.T) {
	r, _ := begunRotation(t)
	r, ok := r.SendReset("a")
	if !ok {
		t.Fatal("the holder of the mark may not send")
	}
	next, v := r.BeginLogin(Claim{ID: "b", Fingerprint: "old", Now: now, Length: time.Minute, Lapsed: []string{"a"}})
	if v.Decision != Proceed || next.Rotation == nil || next.Rotation.Phase != Doubt || len(next.Strikes) != 2 {
		t.Errorf("decision %v, mark %+v, strikes %+v; want a doubt and both attempts", v.Decision, next.Rotation, next.Strikes)
	}
}

func TestWhoWasGivenUpOnDoesNotSendTheReset(t *testing.T) {
	r, a := begunRotation(t)
	for name, gone := range map[string]Record{
		"cancelled":       r.Cancel(a),
		"no record":       {},
		"another's mark":  {Rotation: &Rotation{ID: "b", Phase: Proving}},
		"saved meanwhile": {Rotation: &Rotation{ID: "a", Phase: Saving}},
		"in doubt":        {Rotation: &Rotation{ID: "a", Phase: Doubt}},
	} {
		if _, ok := gone.SendReset("a"); ok {
			t.Errorf("%s: the reset may be sent", name)
		}
	}
	if again, ok := r.SendReset("a"); !ok {
		t.Error("the holder may not send")
	} else if _, ok := again.SendReset("a"); !ok {
		t.Error("the holder may not say so twice, after a swap that hid whether it happened")
	}
}

// A login that began before the rotation was refused after it: nobody who has only that password is let in,
// and the dead process's mark must not say for ever that it is being waited for.
func TestALapsedMarkIsGivenUpAlsoByWhoMayNotLogIn(t *testing.T) {
	r, _ := begunRotation(t)
	r, _ = r.SendReset("a")
	r.Refused = []string{"old"}
	for name, rotate := range map[string]bool{"a login": false, "a rotation": true} {
		ask := r.BeginLogin
		if rotate {
			ask = r.BeginRotation
		}
		next, v := ask(Claim{ID: "b", Fingerprint: "old", Now: now, Length: time.Minute, Lapsed: []string{"a"}})
		if v.Decision != LatchedRefused || !v.Changed || v.Lapsed != "a" || next.Rotation == nil || next.Rotation.Phase != Doubt {
			t.Errorf("%s: %+v, mark %+v; want it latched, and the mark in doubt", name, v, next.Rotation)
		}
	}
}
