package killtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// plan is one kill: what is prepared, and when it falls.
type plan struct {
	name    string
	cold    bool // the rotation has to log in first
	halt    int  // the step the victim stops at; -1 for none
	prepare func(*stage)
	moment  func(*stage, *process) // returns when the time has come, or the victim is gone
}

// atAnyMoment is the plan without a plan.
const atAnyMoment = "at random"

// rehearsal is what an undisturbed rotation looked like.
type rehearsal struct {
	steps []string
	whole time.Duration // from the call to its return
	tail  time.Duration // from the platform's answer to the return
}

func rehearse(t *testing.T, medium string) rehearsal {
	t.Helper()
	const times = 5
	var r rehearsal
	var wholes, tails []time.Duration
	for range times {
		s := newStage(t, top(t, medium))
		p := start(t, s.orders())
		began := time.Now()
		p.rotate()
		s.until(p, func(w wire, _ sessiontest.Counters) bool { return w.answered > 0 })
		told := time.Now()
		p.until(func(lines []string) bool { return lines[len(lines)-1] == done })
		wholes, tails = append(wholes, time.Since(began)), append(tails, time.Since(told))
		if status := p.finish(); status != 0 || s.password() != s.platform.Password() || s.password() == s.old {
			t.Fatalf("an undisturbed rotation ends with status %d: %s", status, &p.stderr)
		}
		s.silence()
		r.steps = p.steps()
	}
	slices.Sort(wholes)
	slices.Sort(tails)
	r.whole, r.tail = wholes[times/2], tails[times/2]
	return r
}

// schedule spreads n kills over everything that can be hit: every other one over the steps in turn.
func schedule(n int, r rehearsal) []plan {
	var plans []plan
	for i := range n {
		turn := i / 2
		if i%2 == 0 {
			plans = append(plans, atStep(turn%len(r.steps), r.steps))
			continue
		}
		again := turn / 5
		switch turn % 5 {
		case 0:
			plans = append(plans, whileHeld(again%3))
		case 1:
			plans = append(plans, atRandom(atAnyMoment, r.whole))
		case 2:
			plans = append(plans, withSlowPlatform(again%3, r.whole))
		case 3:
			plans = append(plans, afterAnswer(r.tail))
		case 4:
			cold := atRandom("at random, with a login", 2*r.whole)
			cold.cold = true
			plans = append(plans, cold)
		}
	}
	return plans
}

// atStep stops the victim between two steps.
func atStep(step int, steps []string) plan {
	return plan{
		name: fmt.Sprintf("at step %d, %s", step, steps[step]), halt: step,
		moment: func(_ *stage, p *process) {
			p.until(func(lines []string) bool { return len(lines) > 1+step }) // after the line that says ready
		},
	}
}

// whileHeld kills while the platform has the request in hand.
func whileHeld(variant int) plan {
	arrived := func(w wire, _ sessiontest.Counters) bool { return w.arrived > 0 }
	acted := func(_ wire, n sessiontest.Counters) bool { return n.ResetsDone > 0 }
	until := func(seen func(wire, sessiontest.Counters) bool) func(*stage, *process) {
		return func(s *stage, p *process) { s.until(p, seen) }
	}
	return []plan{
		{
			name: "before the platform acts", halt: -1, moment: until(arrived),
			prepare: func(s *stage) { s.before = newGate() },
		},
		{
			name: "before the platform would act", halt: -1, moment: until(arrived),
			prepare: func(s *stage) { s.before, s.discard = newGate(), true },
		},
		{
			name: "before the platform answers", halt: -1, moment: until(acted),
			prepare: func(s *stage) { s.after = newGate() },
		},
	}[variant]
}

// atRandom kills at any moment of what takes about that long.
func atRandom(name string, length time.Duration) plan {
	return plan{name: name, halt: -1, moment: func(_ *stage, p *process) { pass(p, rand.N(length)) }}
}

// withSlowPlatform makes the reset take as long again on the platform's side.
func withSlowPlatform(variant int, length time.Duration) plan {
	f := []sessiontest.Fault{
		{Kind: sessiontest.Slow},              // before it acts; and not at all if nobody waits
		{Kind: sessiontest.Late},              // before it acts
		{Kind: sessiontest.Slow, Acted: true}, // before it answers
	}[variant]
	f.On, f.Delay, f.Times = []sessiontest.Endpoint{sessiontest.Reset}, length, 1
	p := atRandom(fmt.Sprintf("at random, platform slow (%s, acted %v)", f.Kind, f.Acted), 2*length)
	p.prepare = func(s *stage) { s.platform.Inject(f) }
	return p
}

// afterAnswer kills while the victim keeps what it was told.
func afterAnswer(tail time.Duration) plan {
	return plan{name: "after the answer", halt: -1, moment: func(s *stage, p *process) {
		if s.until(p, func(w wire, _ sessiontest.Counters) bool { return w.answered > 0 }) {
			pass(p, rand.N(tail))
		}
	}}
}

// pass lets time pass, until the victim is gone.
func pass(p *process, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.gone:
	}
}
