package killtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"iot.internal/thingspace/session/sessiontest"
)

// bothBegin lets two processes rotate at the same time: no reset gets through before both have looked
// at the record, or are gone.
func bothBegin(s *stage, a, b *process) {
	looked := func(lines []string) bool { return slices.Contains(lines, "store load ends") }
	a.rotate()
	b.rotate()
	go func() {
		a.until(looked)
		b.until(looked)
		s.before.open()
	}()
}

func TestG4TwoProcessesThatRotateAtOnceRotateOnce(t *testing.T) {
	for _, on := range media(t, false) {
		for range 4 {
			s := newStage(t, top(t, on.dir))
			s.before = newGate()
			a, b := start(t, s.orders()), start(t, s.orders())
			bothBegin(s, a, b)
			if one, other := a.finish(), b.finish(); one != 0 || other != 0 {
				t.Errorf("status %d and %d: %s%s", one, other, &a.stderr, &b.stderr)
			}
			s.silence()
			if n := s.platform.Counters(); n.Resets != 1 || n.ResetsDone != 1 {
				t.Errorf("%d resets, %d done; want one", n.Resets, n.ResetsDone)
			}
			if s.password() != s.platform.Password() {
				t.Error("the file has another password than the platform")
			}
		}
	}
}

func TestG4TwoKilledRotations(t *testing.T) {
	n, asked := kills(t)
	n = max(n/10, 12)
	var c tally
	t.Run("kill", func(t *testing.T) {
		for _, on := range media(t, asked) {
			r := rehearse(t, on.dir)
			for i := range n {
				t.Run(fmt.Sprintf("%04d", i), func(t *testing.T) {
					t.Parallel()
					killTwo(t, top(t, on.dir), r, i, &c)
				})
			}
		}
	})
	say(t, asked, fmt.Sprintf("%d kills of two that rotate at once\n%s%s", c.total(), &c, c.unknown()))
}

// killTwo kills one of two processes that rotate, and soon afterwards the other, if it has not come to
// its end by then: it may be waiting for the first, or have taken no notice.
func killTwo(t *testing.T, top string, r rehearsal, i int, c *tally) {
	t.Helper()
	s := newStage(t, top)
	s.before = newGate()
	a, b := start(t, s.orders()), start(t, s.orders())
	if i%2 == 0 {
		a, b = b, a // both begin at once, but one of them a little sooner
	}
	bothBegin(s, a, b)
	switch i / 2 % 3 {
	case 0:
		pass(a, rand.N(2*r.whole))
	case 1:
		s.until(a, func(w wire, _ sessiontest.Counters) bool { return w.arrived > 0 })
		pass(a, rand.N(r.tail))
	case 2:
		s.until(a, func(w wire, _ sessiontest.Counters) bool { return w.answered > 0 })
		pass(a, rand.N(r.tail))
	}
	seen := s.look()
	if !a.kill() && !a.returned() {
		t.Errorf("it ended of its own accord: %s", &a.stderr)
	}
	pass(b, rand.N(2*r.whole))
	if !seen.acted {
		seen = s.look()
	}
	if !b.kill() && !b.returned() {
		t.Errorf("the other ended of its own accord: %s", &b.stderr)
	}
	s.silence()
	if n := s.platform.Counters(); n.Resets > 1 {
		t.Errorf("%d resets were sent", n.Resets)
	}
	s.judge(t, seen, manner(i%int(manners)), []*tally{c}, "two that rotate at once", a, b)
}
