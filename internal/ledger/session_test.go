package ledger

import (
	"fmt"
	"testing"
	"time"
)

// published is a record with a session, by a login at this time.
func published(t *testing.T, r Record, app string, at time.Time) (Record, uint64) {
	t.Helper()
	c := asking(fmt.Sprint("login of ", app, " at ", at), "right")
	c.Now, c.App = at, app
	r, a := begun(t, r, c)
	r, s := r.SettleLogin(a, Answer{Outcome: Accepted, Now: at, App: app, Sealed: []byte(app)})
	if !s.Published {
		t.Fatalf("not published: %+v", s)
	}
	return r, s.Generation
}

func TestSessionIsDeadAfterTwentyIdleMinutes(t *testing.T) {
	s := Session{LastUsed: now}
	for idle, want := range map[time.Duration]bool{0: false, IdleLimit: false, IdleLimit + 1: true, -time.Hour: false} {
		if s.Idle(now.Add(idle)) != want {
			t.Errorf("after %v: %v", idle, !want)
		}
	}
}

func TestGenerationsNeverGoBack(t *testing.T) {
	r, first := published(t, Record{}, theApp, now)
	r, second := published(t, r, theApp, now)
	delete(r.Applications, theApp) // dropped, when there were too many
	r, third := published(t, r, theApp, now)
	if !(first < second && second < third) {
		t.Errorf("generations %d, %d, %d", first, second, third)
	}
	if _, dropped := r.Drop(theApp, second); dropped {
		t.Error("a session is dropped in the name of an older one")
	}
}

func TestLogoutMakesVoidWhatIsUnderWay(t *testing.T) {
	r, a := begun(t, Record{}, asking("a", "right"))
	r = r.BeginLogout()
	r, s := r.SettleLogin(a, Answer{Outcome: Accepted, Now: now, App: theApp})
	if !s.Superseded || s.Published || r.Applications[theApp].Session != nil {
		t.Errorf("settlement %+v", s)
	}
	if len(r.Strikes) != 0 {
		t.Error("its strike stays, although the platform accepted it")
	}
}

func TestNewerSessionIsNotReplacedByAnOlderLogin(t *testing.T) {
	r, old := begun(t, Record{}, asking("a", "right"))
	r.Lease = nil // as if given up, and the probe paid
	r, newer := begun(t, r, asking("b", "right"))
	r, s := r.SettleLogin(newer, Answer{Outcome: Accepted, Now: now, App: theApp, Sealed: []byte("newer")})
	after, late := r.SettleLogin(old, Answer{Outcome: Accepted, Now: now, App: theApp, Sealed: []byte("older")})
	if !s.Published || !late.Superseded || string(after.Applications[theApp].Session.Sealed) != "newer" {
		t.Errorf("first %+v, then %+v", s, late)
	}
}

func TestUseIsRecordedOnceAMinute(t *testing.T) {
	r, generation := published(t, Record{}, theApp, now)
	r, first := r.Touch(theApp, generation, now.Add(time.Second))
	if s := r.Applications[theApp].Session; !first || !s.Proven || !s.LastUsed.Equal(now.Add(time.Second)) {
		t.Errorf("the first answer proves it: %v, %+v", first, s)
	}
	for after, want := range map[time.Duration]bool{30 * time.Second: false, 61 * time.Second: true, -time.Hour: false} {
		next, written := r.Touch(theApp, generation, now.Add(after))
		if written != want {
			t.Errorf("after %v: written %v", after, written)
		}
		if next.Applications[theApp].Session.LastUsed.Before(now) {
			t.Errorf("after %v: the clock was set back, and the session with it", after)
		}
	}
	for name, touch := range map[string]func() bool{
		"another application": func() bool { _, ok := r.Touch("other", generation, now.Add(time.Hour)); return ok },
		"an older session":    func() bool { _, ok := r.Touch(theApp, generation-1, now.Add(time.Hour)); return ok },
	} {
		if touch() {
			t.Errorf("%s is touched", name)
		}
	}
}

func TestOnlyTheSessionThatEndedIsDropped(t *testing.T) {
	r, generation := published(t, Record{}, theApp, now)
	if _, ok := r.Drop(theApp, generation+1); ok {
		t.Error("another one is")
	}
	if _, ok := r.Drop("other", generation); ok {
		t.Error("another application's is")
	}
	after, ok := r.Drop(theApp, generation)
	if !ok || after.Applications[theApp].Session != nil || after.Applications[theApp].Generation != generation {
		t.Errorf("dropped %v, %+v", ok, after.Applications[theApp])
	}
	if r.Applications[theApp].Session == nil {
		t.Error("the record before was changed")
	}
}

func TestSixteenApplicationsShareAnAccountAndThenTheOneGoneLongestGives(t *testing.T) {
	var r Record
	for n := range maxApplications {
		r, _ = published(t, r, fmt.Sprint("app", n), now.Add(time.Duration(n)*time.Second))
	}
	for n := range maxApplications {
		if r.Applications[fmt.Sprint("app", n)].Session == nil {
			t.Fatalf("application %d has lost its session to another", n)
		}
	}
	r, _ = r.Touch("app0", r.Applications["app0"].Generation, now.Add(time.Hour))
	r, _ = published(t, r, "one more", now.Add(time.Hour))
	if len(r.Applications) != maxApplications || r.Applications["app0"].Session == nil || r.Applications["app1"].Session != nil {
		t.Errorf("%d applications, app0 %v, app1 %v", len(r.Applications), r.Applications["app0"].Session, r.Applications["app1"].Session)
	}
}

func TestBearerIsFetchedByOne(t *testing.T) {
	r, v := Record{}.BeginFetch(theApp, asking("f", ""))
	if v.Decision != Proceed || !v.Changed {
		t.Fatalf("verdict %+v", v)
	}
	if _, v := r.BeginFetch(theApp, asking("g", "")); v.Decision != WaitLogin || v.Lease.ID != "f" || v.Changed {
		t.Errorf("a second one: %+v", v)
	}
	if _, v := r.BeginFetch("other", asking("g", "")); v.Decision != Proceed {
		t.Errorf("another application: %+v", v)
	}
	if _, v := r.BeginFetch(theApp, lapsed("g", "", "f")); v.Decision != Proceed {
		t.Errorf("after the first has died: %+v", v)
	}
	if len(r.Strikes) != 0 || r.Lease != nil {
		t.Error("a bearer costs a strike, or keeps logins waiting")
	}
	for _, id := range []string{"f", "other"} {
		done := r.EndFetch(theApp, id, &Bearer{Sealed: []byte{1}, Expires: now}, now)
		if a := done.Applications[theApp]; a.Bearer == nil || (a.Fetch == nil) != (id == "f") {
			t.Errorf("ended by %s: %+v", id, a)
		}
	}
	failed := r.EndFetch(theApp, "f", nil, now)
	if a := failed.Applications[theApp]; a.Fetch != nil || a.Bearer != nil {
		t.Errorf("failed: %+v", a)
	}
}
