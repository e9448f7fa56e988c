package ledger

import (
	"os"
	"slices"
	"testing"
	"time"
)

// TestSearchOfEveryInterleaving explores every world that three processes can reach, and prints how
// many there are. `make search` takes wrong and externally changed passwords too, which lasts minutes.
func TestSearchOfEveryInterleaving(t *testing.T) {
	models := []*model{
		loginModel("logins", nil),
		loginModel("logins, of which some are not evaluated", func(m *model) { m.evasions = true }),
		loginModel("logins, and the platform goes down", func(m *model) { m.outages = true }),
		rotationModel("two processes rotate", func(m *model) { m.coarse = true }),
	}
	if os.Getenv("THINGSPACE_SEARCH") != "" {
		models = append(models,
			loginModel("logins, wrong and changed passwords", func(m *model) { m.mistakes, m.changes, m.unsure = true, true, true }),
			rotationModel("two processes rotate, step by step", nil),
			sessionModel("sessions and logouts", nil))
	}
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			began := time.Now()
			s := &search{m: m}
			s.run()
			t.Logf("%d states, %d transitions, %v", s.count(), s.steps, time.Since(began).Round(time.Millisecond))
			if s.violated != 0 {
				t.Errorf("violated:\n%s", s.story(s.at, &s.last))
			}
		})
	}
}

func loginModel(name string, change func(*model)) *model {
	w := world{right: 1}
	for i := range w.proc {
		w.proc[i].env = 1
	}
	return changed(&model{name: name, start: []world{w}, active: 3}, change)
}

func rotationModel(name string, change func(*model)) *model {
	w := world{right: 1, file: 1}
	w.proc[0].file, w.proc[1].file = true, true
	return changed(&model{name: name, start: []world{w}, rotations: true, active: 2}, change)
}

// bystanderModel has a third process, which holds the old password in its environment.
func bystanderModel() *model {
	m := rotationModel("", nil)
	m.active, m.start[0].proc[2].env = 3, 1
	return m
}

func sessionModel(name string, change func(*model)) *model {
	m := loginModel(name, change)
	m.sessions = true
	return m
}

func changed(m *model, change func(*model)) *model {
	m.rules, m.laws = theRules(), allLaws
	if change != nil {
		change(m)
	}
	return m
}

// TestSearchFindsAMissingRule takes rules away one at a time: without any of these the search must find
// a story that breaks a law.
func TestSearchFindsAMissingRule(t *testing.T) {
	const deepest = "a process that was held up does not save over a newer password"
	mistakes := func(m *model) { m.mistakes = true }
	for name, c := range map[string]struct {
		m    *model
		take func(*rules)
	}{
		"the strike is reserved before the login is sent": {loginModel("", mistakes), func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				next, v := rec.BeginLogin(c)
				next.unlist(v.Attempt.ID)
				return next, v
			}
		}},
		"a refused password is remembered": {loginModel("", mistakes), func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				next, s := rec.SettleLogin(a, answer)
				next.Refused = nil
				return next, s
			}
		}},
		"logins stop at three strikes": {loginModel("", mistakes), func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				next, v := rec.BeginLogin(c)
				if v.Decision == LatchedStrikes {
					few := rec.clone()
					few.Strikes = nil
					next, v = few.BeginLogin(c)
					next.Strikes = append(slices.Clone(rec.Strikes), next.Strikes...)
				}
				return next, v
			}
		}},
		"a lease excludes": {loginModel("", nil), func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				if rec.Lease != nil {
					c.Lapsed = append(c.Lapsed, rec.Lease.ID)
				}
				return rec.BeginLogin(c)
			}
		}},
		"the attempt of a dead holder stays a strike": {loginModel("", mistakes), func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				next, v := rec.BeginLogin(c)
				next.unlist(v.Lapsed)
				return next, v
			}
		}},
		"a success keeps what may still arrive": {loginModel("", mistakes), func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				next, s := rec.SettleLogin(a, answer)
				if answer.Outcome == Accepted {
					next.Strikes = nil
				}
				return next, s
			}
		}},
		"a process looks at its deadline before it sends": {loginModel("", mistakes), func(r *rules) { r.sendsLate = true }},
		"after a login of unknown outcome a probe is owed": {loginModel("", func(m *model) { m.outages = true }), func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				next, s := rec.SettleLogin(a, answer)
				next.ProbeOwed = false
				return next, s
			}
		}},
		"a logout makes void what was under way": {sessionModel("", nil), func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				a.Epoch = rec.Epoch
				return rec.SettleLogin(a, answer)
			}
		}},
		"nobody logs in while a rotation runs": {rotationModel("", nil), func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				next, v := rec.BeginLogin(c)
				if v.Decision == WaitRotate {
					without := rec.clone()
					without.Rotation = nil
					next, v = without.BeginLogin(c)
					next.Rotation = rec.Rotation
				}
				return next, v
			}
		}},
		"a replaced password is retired": {bystanderModel(), func(r *rules) {
			r.settleRotation = func(rec Record, a Attempt, answer Answer) Record {
				next := rec.SettleRotation(a, answer)
				next.Retired = nil
				return next
			}
		}},
		"the new password is sealed in the record before it is saved": {bystanderModel(), func(r *rules) {
			r.settleRotation = func(rec Record, a Attempt, answer Answer) Record {
				next := rec.SettleRotation(a, answer)
				if answer.Outcome == Accepted {
					next.Rotation = nil
				}
				return next
			}
		}},
		deepest: {bystanderModel(), func(r *rules) { r.savesBlindly = true }},
		"a lost answer leaves a doubt": {bystanderModel(), func(r *rules) {
			r.settleRotation = func(rec Record, a Attempt, answer Answer) Record {
				next := rec.SettleRotation(a, answer)
				if answer.Outcome == NoAnswer {
					next.Rotation = nil
				}
				return next
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("THINGSPACE_SEARCH") == "" && name == deepest {
				t.Skip("its story is longer than all others; make search finds it")
			}
			c.take(&c.m.rules)
			s := &search{m: c.m, maxWorld: 600_000}
			s.run()
			if s.violated == 0 {
				t.Errorf("without this rule %d states show no violation", s.count())
				return
			}
			t.Logf("found after %d states: %s", s.count(), lawNames[s.violated])
		})
	}
}

// TestSearchFindsAWayOutOfEveryState: whatever has happened, steps lead to a working session, if need
// be those of a person.
func TestSearchFindsAWayOutOfEveryState(t *testing.T) {
	m := loginModel("", func(m *model) { m.rearms = true })
	m.active = 2
	s := &search{m: m, graph: true}
	s.run()
	if s.violated != 0 {
		t.Fatalf("violated:\n%s", s.story(s.at, &s.last))
	}
	if world, found := s.hopeless(false); found {
		t.Fatalf("no way out:\n%s", s.story(world, nil))
	}
	t.Logf("%d states, %d transitions: each has a way out", s.count(), s.steps)
}
