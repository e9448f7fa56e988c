package ledger

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// removal is a rule that is taken away.
type removal struct {
	rule string
	m    *model
	take func(*rules)
}

// Changes to what a transition returns.

func (r *rules) changeBeginLogin(change func(before, after Record, c Claim, v *Verdict) Record) {
	r.beginLogin = func(before Record, c Claim) (Record, Verdict) {
		after, v := before.BeginLogin(c)
		return change(before, after, c, &v), v
	}
}

func (r *rules) changeSettleLogin(change func(before, after Record, a Attempt, answer Answer) Record) {
	r.settleLogin = func(before Record, a Attempt, answer Answer) (Record, Settlement) {
		after, s := before.SettleLogin(a, answer)
		return change(before, after, a, answer), s
	}
}

func (r *rules) changeSettleRotation(change func(before, after Record, a Attempt, answer Answer) Record) {
	r.settleRotation = func(before Record, a Attempt, answer Answer) Record {
		return change(before, before.SettleRotation(a, answer), a, answer)
	}
}

// withStrikes judges a claim as if there were others listed, and puts back those that are.
func withStrikes(before Record, few []Strike, c Claim, begin func(Record, Claim) (Record, Verdict)) (Record, Verdict) {
	other := before.clone()
	other.Strikes = few
	after, v := begin(other, c)
	after.Strikes = append(slices.Clone(before.Strikes), after.Strikes[len(few):]...)
	return after, v
}

// removals are the rules of the ledger and of those who use it, each with a model that needs it.
func removals() []removal {
	return []removal{
		{rule: "the strike is reserved before the login is sent", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeBeginLogin(func(_, after Record, _ Claim, v *Verdict) Record {
				after.unlist(v.Attempt.ID)
				return after
			})
		}},
		{rule: "a refused password is remembered", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, _ Answer) Record {
				after.Refused = nil
				return after
			})
		}},
		{rule: "logins stop at three strikes", m: only(1, loginModel("", mistakes)), take: func(r *rules) {
			r.beginLogin = func(before Record, c Claim) (Record, Verdict) {
				after, v := before.BeginLogin(c)
				if v.Decision == LatchedStrikes {
					return withStrikes(before, nil, c, Record.BeginLogin)
				}
				return after, v
			}
		}},
		{rule: "a lease excludes other logins", m: loginModel("", nil), take: func(r *rules) {
			r.beginLogin = func(rec Record, c Claim) (Record, Verdict) {
				if rec.Lease != nil {
					c.Lapsed = append(c.Lapsed, rec.Lease.ID)
				}
				return rec.BeginLogin(c)
			}
		}},
		{rule: "a lease excludes rotations", m: rotationModel(""), take: func(r *rules) {
			r.beginRotation = func(rec Record, c Claim) (Record, Verdict) {
				if rec.Lease != nil {
					c.Lapsed = append(c.Lapsed, rec.Lease.ID)
				}
				return rec.BeginRotation(c)
			}
		}},
		{rule: "the attempt of a dead holder stays a strike", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeBeginLogin(func(_, after Record, _ Claim, v *Verdict) Record {
				after.unlist(v.Lapsed)
				return after
			})
		}},
		{rule: "after the attempt of a dead holder a probe is owed", m: loginModel("", outages), take: func(r *rules) {
			r.changeBeginLogin(func(before, after Record, _ Claim, v *Verdict) Record {
				if v.Lapsed != "" && !before.ProbeOwed {
					after.ProbeOwed = false
				}
				return after
			})
		}},
		{rule: "an attempt without an answer stays a strike", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, a Attempt, answer Answer) Record {
				if answer.Outcome == NoAnswer {
					after.unlist(a.ID)
				}
				return after
			})
		}},
		{rule: "a success keeps what may still arrive", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, answer Answer) Record {
				if answer.Outcome == Accepted {
					after.Strikes = nil
				}
				return after
			})
		}},
		{rule: "a success keeps what was over only after it began", m: loginModel("", mistakes), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, answer Answer) Record {
				if answer.Outcome == Accepted {
					after.Strikes = slices.DeleteFunc(after.Strikes, func(s Strike) bool { return s.Over != 0 })
				}
				return after
			})
		}},
		{rule: "an older success does not forget a newer refusal", m: only(2, loginModel("", changes)), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, a Attempt, answer Answer) Record {
				if answer.Outcome == Accepted {
					after.Refused = forget(after.Refused, a.Fingerprint)
				}
				return after
			})
		}},
		{rule: "an older answer does not pay for a newer outage", m: loginModel("", outages), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, answer Answer) Record {
				if answer.Outcome == Accepted {
					after.ProbeOwed = false
				}
				return after
			})
		}},
		{rule: "attempts are given back twice at most", m: only(1, loginModel("", func(m *model) { m.mistakes, m.evasions, m.lies = true, true, true })), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, _ Answer) Record {
				after.Freed = 0
				return after
			})
		}},
		{rule: "a process looks at its deadline before it sends", m: loginModel("", mistakes), take: func(r *rules) { r.sendsLate = true }},
		{rule: "after a login of unknown outcome a probe is owed", m: loginModel("", outages), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, _ Answer) Record {
				after.ProbeOwed = false
				return after
			})
		}},
		{rule: "a logout makes void what was under way", m: sessionModel("", nil), take: func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				a.Epoch = rec.Epoch
				return rec.SettleLogin(a, answer)
			}
		}},
		{rule: "an older login does not replace a newer session", m: sessionModel("", nil), take: func(r *rules) {
			r.settleLogin = func(rec Record, a Attempt, answer Answer) (Record, Settlement) {
				rec = rec.clone()
				if app := rec.Applications[theApp]; app.Session != nil {
					session := *app.Session
					session.Seq = 0
					app.Session = &session
					rec.Applications[theApp] = app
				}
				return rec.SettleLogin(a, answer)
			}
		}},
		{rule: "a logout drops the session that it ended, and no other", m: sessionModel("", nil), take: func(r *rules) {
			r.drop = func(rec Record, app string, _ uint64) (Record, bool) {
				if s := rec.Applications[app].Session; s != nil {
					return rec.Drop(app, s.Generation)
				}
				return rec, false
			}
		}},

		// What a person may do.
		{rule: "one attempt is one", m: only(1, rearmModel("")), take: func(r *rules) {
			r.changeBeginLogin(func(before, after Record, _ Claim, _ *Verdict) Record {
				after.OneAttempt = before.OneAttempt
				return after
			})
		}},
		{rule: "not even a person's attempt is a fifth strike", m: only(1, rearmModel("", func(m *model) { m.mishaps = 2 })), take: func(r *rules) {
			r.allowOne = func(rec Record) (Record, bool) {
				rec = rec.clone()
				rec.OneAttempt = true
				return rec, true
			}
			r.beginLogin = func(before Record, c Claim) (Record, Verdict) {
				after, v := before.BeginLogin(c)
				if v.Decision == LatchedStrikes && before.OneAttempt {
					return withStrikes(before, nil, c, Record.BeginLogin)
				}
				return after, v
			}
		}},
		{rule: "a cleared count keeps what may still arrive", m: only(1, rearmModel("")), take: func(r *rules) {
			r.cleared = func(rec Record, now time.Time) Record {
				rec = rec.Cleared(now)
				rec.Strikes = nil
				return rec
			}
		}},
		{rule: "a retired password is not sent even if a person allows an attempt", m: rotationModel("", bystander, func(m *model) { m.rearms, m.coarse = true, true }), take: func(r *rules) {
			r.beginLogin = func(before Record, c Claim) (Record, Verdict) {
				if !before.OneAttempt {
					return before.BeginLogin(c)
				}
				other := before.clone()
				other.Retired = nil
				after, v := other.BeginLogin(c)
				after.Retired = before.Retired
				return after, v
			}
		}},

		// Rotations.
		{rule: "nobody logs in while a rotation runs", m: rotationModel(""), take: func(r *rules) {
			r.beginLogin = func(before Record, c Claim) (Record, Verdict) {
				after, v := before.BeginLogin(c)
				if v.Decision == WaitRotate {
					without := before.clone()
					without.Rotation = nil
					after, v = without.BeginLogin(c)
					after.Rotation = before.Rotation
				}
				return after, v
			}
		}},
		{rule: "a replaced password is retired", m: rotationModel("", bystander), take: func(r *rules) {
			r.changeSettleRotation(func(_, after Record, _ Attempt, _ Answer) Record {
				after.Retired = nil
				return after
			})
		}},
		{rule: "the new password is sealed in the record before it is saved", m: rotationModel("", bystander), take: func(r *rules) {
			r.changeSettleRotation(func(_, after Record, _ Attempt, answer Answer) Record {
				if answer.Outcome == Accepted {
					after.Rotation = nil
				}
				return after
			})
		}},
		{rule: "a lost answer leaves a doubt", m: rotationModel("", bystander), take: func(r *rules) {
			r.changeSettleRotation(func(_, after Record, _ Attempt, answer Answer) Record {
				if answer.Outcome == NoAnswer {
					after.Rotation = nil
				}
				return after
			})
		}},
		{rule: "a dead process's reset leaves a doubt", m: rotationModel(""), take: func(r *rules) {
			r.changeBeginLogin(func(before, after Record, _ Claim, v *Verdict) Record {
				if m := before.Rotation; m != nil && m.Phase == Sending && v.Lapsed == m.ID {
					after.Rotation = nil
				}
				return after
			})
		}},
		{rule: "the record says that the reset may be on its way before it is", m: rotationModel(""), take: func(r *rules) {
			r.sendReset = func(rec Record, id string) (Record, bool) {
				_, mine := rec.SendReset(id)
				return rec, mine
			}
		}},
		{rule: "no rotation begins in doubt", m: rotationModel(""), take: func(r *rules) {
			r.beginRotation = func(before Record, c Claim) (Record, Verdict) {
				after, v := before.BeginRotation(c)
				if v.Decision == InDoubt {
					certain := before.clone()
					certain.Rotation = nil
					return certain.BeginRotation(c)
				}
				return after, v
			}
		}},
		{rule: "a login from before the reset settles no doubt", m: rotationModel(""), take: func(r *rules) {
			r.changeSettleLogin(func(before, after Record, a Attempt, answer Answer) Record {
				if m := before.Rotation; m != nil && answer.Outcome == Accepted && a.Seq < m.Seq {
					a.Seq = before.Seq + 1
					after.settleRotation(a)
				}
				return after
			})
		}},
		{rule: "a doubt that was settled is remembered while the reset may arrive", m: rotationModel(""), take: func(r *rules) {
			r.changeSettleLogin(func(_, after Record, _ Attempt, _ Answer) Record {
				if m := after.Rotation; m != nil && m.Phase == Settled {
					after.Rotation = nil
				}
				return after
			})
		}},
		{rule: "a second rotation's mark stands for the first one's doubt too", m: rotationModel(""), take: func(r *rules) {
			r.beginRotation = func(rec Record, c Claim) (Record, Verdict) {
				after, v := rec.BeginRotation(c)
				if v.Decision == Proceed {
					after.Rotation.Rival = false
				}
				return after, v
			}
		}},
		{rule: "only its holder clears a mark", m: rotationModel("", func(m *model) { m.coarse = true }), take: func(r *rules) {
			r.saved = func(rec Record, _ string) (Record, bool) {
				rec = rec.clone()
				rec.Rotation = nil
				return rec, true
			}
		}},
		{rule: "a process that was held up does not save over a newer password", m: rotationModel("", func(m *model) { m.coarse, m.mishaps = true, 2 }), take: func(r *rules) { r.savesBlindly = true }},
	}
}

// TestSearchFindsAMissingRule takes rules away one at a time: without any of these the search must find
// a story that breaks a law. The table of what it found is printed.
func TestSearchFindsAMissingRule(t *testing.T) {
	var table strings.Builder
	for _, c := range removals() {
		t.Run(c.rule, func(t *testing.T) {
			c.take(&c.m.rules)
			s := &search{m: c.m, maxWorld: 1_000_000}
			began := time.Now()
			s.run()
			if s.violated == 0 {
				t.Errorf("without this rule %d states show no violation (cut short: %v)", s.count(), s.cut)
				return
			}
			fmt.Fprintf(&table, "%-75s %8d states %8v  %s\n", c.rule, s.count(), time.Since(began).Round(time.Millisecond), lawNames[s.violated])
			if os.Getenv("THINGSPACE_SEARCH") == "story" {
				t.Log(s.story(s.at, &s.last))
			}
		})
	}
	t.Logf("taken away, and found after:\n%s", table.String())
}
