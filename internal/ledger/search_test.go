package ledger

import (
	"os"
	"testing"
	"time"
)

// everything asks for what lasts minutes: `make search`.
var everything = os.Getenv("THINGSPACE_SEARCH") != ""

// A mishap is what goes wrong: a process that is killed, or held up past its lease or mark; an answer
// that is lost, late or says nothing; an acceptance that cannot be recorded; a swap that hides whether
// it happened; an outage; a password that a person changes, an attempt that a person allows, a count
// that a person clears. Where a model has no bound on them, the number of worlds is finite all the
// same, since the ledger bounds what is listed. Models with a bound send at once what is reserved; that
// a process pauses or dies in between is in those without one, and in the rotation step by step.

// TestSearchOfEveryInterleaving explores every world that the processes can reach, and prints how many
// there are. `make search` takes more mishaps, and models that last minutes.
func TestSearchOfEveryInterleaving(t *testing.T) {
	few := func(m *model) { m.coarse, m.mishaps = true, 2 }
	models := []*model{
		loginModel("three processes log in", nil),
		loginModel("three processes log in, some logins are not evaluated", func(m *model) { m.evasions = true }),
		loginModel("three processes log in, and the platform goes down", func(m *model) { m.outages = true }),
		only(2, sessionModel("two processes keep sessions and log out", nil)),
		rotationModel("three processes rotate, at most two mishaps", three, few),
		rotationModel("two rotate, one has the old password in its environment, at most two mishaps", bystander, few),
		rearmModel("three processes with any password, a person changes it and rearms, at most two mishaps", few, changes),
	}
	if everything {
		more := func(m *model) { m.coarse, m.mishaps = true, 4 }
		coarse := func(m *model) { m.coarse = true }
		models = append(models,
			sessionModel("three processes keep sessions and log out", nil),
			loginModel("three processes log in, a person rearms, any number of mishaps", func(m *model) { m.rearms = true; m.laws &^= oneAnOutage }),
			rearmModel("three processes with any password, a person changes it and rearms, at most four mishaps", more, changes),
			rotationModel("three processes rotate, at most four mishaps", three, more),
			rotationModel("two rotate, one has the old password in its environment, at most four mishaps", bystander, more),
			rotationModel("two processes rotate step by step, at most three mishaps", func(m *model) { m.mishaps = 3 }),
			rotationModel("two processes rotate, any number of mishaps", coarse),
			loginModel("three processes with any password, any number of mishaps", mistakes),
			loginModel("three processes with any password, swaps hide whether they happened, at most three mishaps", func(m *model) {
				m.mistakes, m.changes, m.unsure, m.mishaps = true, true, true, 3
			}),
			rotationModel("three processes rotate, swaps hide whether they happened, at most two mishaps", three, few, func(m *model) { m.unsure = true }),
		)
	}
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			s := &search{m: m, workers: 2}
			s.runAndTell(t)
			if s.violated != 0 {
				t.Errorf("violated:\n%s", s.story(s.at, &s.last))
			}
		})
	}
}

func (s *search) runAndTell(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.run()
	t.Logf("%d states, %d transitions, depth %d, %v; that one was missed: less than 1 in %.0g",
		s.count(), s.steps, s.depth, time.Since(began).Round(time.Millisecond), 1/s.missed())
	if s.short {
		t.Logf("steps that need more than %d passwords at a time were left out", passwords)
	}
}

// TestSearchFindsAWayOutOfEveryState: whatever has happened, steps lead to a working session, if need
// be those of a person; in a rotation, to one or to a record that says what a person must do.
// Mishaps are not bounded here: what helps would count as one.
func TestSearchFindsAWayOutOfEveryState(t *testing.T) {
	coarse := func(m *model) { m.coarse = true }
	models := []*model{
		only(2, loginModel("two processes log in, and a person rearms", func(m *model) { m.rearms = true; m.laws &^= oneAnOutage })),
		only(1, rearmModel("one process with any password, and a person rearms", nil)),
		only(1, rotationModel("one process rotates", coarse)),
	}
	if everything {
		models = append(models,
			loginModel("three processes log in, and a person rearms", func(m *model) { m.rearms = true; m.laws &^= oneAnOutage }),
			only(2, rearmModel("two processes with any password, and a person rearms", coarse)),
			rotationModel("two processes rotate", coarse))
	}
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			s := &search{m: m, graph: true, workers: 2}
			s.runAndTell(t)
			if s.violated != 0 {
				t.Fatalf("violated:\n%s", s.story(s.at, &s.last))
			}
			if world, found := s.hopeless(false); found {
				t.Fatalf("no way out:\n%s", s.story(world, nil))
			}
		})
	}
}
