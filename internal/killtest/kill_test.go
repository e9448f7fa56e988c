package killtest

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// ordinarily is how many processes an ordinary run of the tests kills: one at every step of a
// rotation, and as many elsewhere.
const ordinarily = 64

// kills is how many processes to kill, and whether that was asked for.
func kills(t *testing.T) (n int, asked bool) {
	t.Helper()
	value := os.Getenv("THINGSPACE_KILLS")
	if value == "" {
		return ordinarily, false
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		t.Fatalf("THINGSPACE_KILLS=%s is no number of kills", value)
	}
	return n, true
}

type medium struct{ name, dir string }

// media is where the files can be. What a killed process has written is in the kernel's hands
// whether it was flushed or not, so that a file system in memory does as well as a disk, and is not
// waited for; on a disk most kills fall into a flush. Where power failures are the matter, package
// filestore has tests of its own.
func media(t *testing.T, asked bool) []medium {
	t.Helper()
	var media []medium
	if dir, err := os.MkdirTemp("/dev/shm", "killtest"); err == nil { //nolint:usetesting // not where t.TempDir puts it
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		media = append(media, medium{"in memory", dir})
	}
	if asked || len(media) == 0 {
		media = append(media, medium{"on disk", t.TempDir()})
	}
	return media
}

func TestG4KilledRotations(t *testing.T) {
	n, asked := kills(t)
	places := media(t, asked)
	began := time.Now()
	var c tally
	random := make([]tally, len(places)) // only those at a random moment of an undisturbed rotation
	t.Run("kill", func(t *testing.T) {
		for m, on := range places {
			r := rehearse(t, on.dir)
			t.Logf("a rotation takes %v in %d steps, %v of it after the answer: %q", r.whole, len(r.steps), r.tail, r.steps)
			for i, p := range schedule(n/len(places)+min(1, n%len(places)*(1-m)), r) {
				how := manner((i + i/int(manners)) % int(manners))
				count := []*tally{&c}
				if p.name == atAnyMoment {
					count = append(count, &random[m])
				}
				t.Run(fmt.Sprintf("%d-%04d", m, i), func(t *testing.T) {
					t.Parallel()
					kill(t, top(t, on.dir), p, how, count)
				})
			}
		}
	})
	text := fmt.Sprintf("%d kills in %v\n%s%s", n, time.Since(began).Round(time.Second), &c, c.unknown())
	for m, on := range places {
		text += fmt.Sprintf("at random moments alone, %s: %s", on.name, random[m].unknown())
	}
	say(t, asked, text)
	for p := range everywhere {
		if n >= ordinarily && c.at(p) == 0 {
			t.Errorf("no kill fell here: %s", p)
		}
	}
	if got := c.total(); got != n {
		t.Errorf("%d of %d kills are in the table", got, n)
	}
}

// say prints what was asked for even without -v, which would name every kill.
func say(t *testing.T, asked bool, text string) {
	t.Helper()
	if asked {
		fmt.Println(text)
	} else {
		t.Log("\n" + text)
	}
}

// top is a new directory on a medium, with whatever is in it removed at the end.
func top(t *testing.T, medium string) string {
	t.Helper()
	dir, err := os.MkdirTemp(medium, "") //nolint:usetesting // not where t.TempDir puts it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// kill kills one rotation according to plan, and judges what comes of it.
func kill(t *testing.T, top string, plan plan, how manner, count []*tally) {
	t.Helper()
	s := newStage(t, top)
	if plan.prepare != nil {
		plan.prepare(s)
	}
	o := s.orders()
	o.Cold, o.Halt = plan.cold, plan.halt
	p := start(t, o)
	p.rotate()
	plan.moment(s, p)
	seen := s.look()
	killed := p.kill()
	s.silence()

	if !killed && !p.returned() {
		t.Errorf("it ended of its own accord: %s", &p.stderr)
	}
	s.judge(t, seen, how, count, plan.name, p)
}

// judge says what must hold after victims were killed, and lets others recover.
func (s *stage) judge(t *testing.T, seen sight, how manner, count []*tally, plan string, victims ...*process) {
	t.Helper()
	r := s.remains(t)
	where := s.place(seen, r)
	for _, p := range victims {
		// One that had waited for another may have seen the file before that one cleared its mark.
		if p.returned() && where != finished && (where != saved || len(victims) == 1) {
			t.Errorf("the caller was told of success, and the kill fell here: %s", where)
		}
		if p.prints("DATA RACE") {
			t.Errorf("%s", &p.stderr)
		}
		if p.prints(r.inForce) || p.prints(s.old) {
			t.Error("a password was printed")
		}
	}
	var e ending
	var spent int
	defer func() { // a bubble that fails ends the test
		for _, c := range count {
			c.add(where, e, spent)
		}
		if t.Failed() {
			t.Logf("killed %s; it fell here: %s; then came %s; ended: %s; the record said %q", plan, where, how, e, r.phase)
			for _, p := range victims {
				t.Logf("a victim's steps: %q", p.steps())
			}
		}
	}()
	s.recover(t, r, how, &e, &spent)
	if e != where.ending() {
		t.Errorf("ended %q, want %q", e, where.ending())
	}
	if spent > 1 || spent != 0 && e != unknownLost {
		t.Errorf("recovering cost %d strikes", spent)
	}
}
