package killtest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// recovererIsAhead is more than a recoverer waits: its time is virtual, and what it writes lies in the
// future of everybody who is not.
const recovererIsAhead = 15 * time.Minute

// recoverer is the other victim: it comes after the first, waits it out in virtual time, and recovers
// by a login. Its steps count from its first change of the record.
func recoverer(t *testing.T) {
	t.Helper()
	lines := bufio.NewReader(os.Stdin)
	o, err := receive(lines)
	if err != nil {
		os.Exit(2) // the test is gone
	}
	fmt.Println(ready)
	if _, err := lines.ReadString('\n'); err != nil {
		os.Exit(2)
	}
	bubble(t, func(t *testing.T) {
		steps := &steps{out: os.Stdout, in: lines, halt: o.Halt, first: "store swap begins"}
		cfg := steps.watch(session.Config{
			BaseURL:     o.BaseURL,
			Application: session.Application{Key: o.Key, Secret: session.NewSecret(o.Secret)},
			Credentials: filestore.Credentials(o.File),
			Store:       filestore.New(o.Dir),
		})
		cfg.Store = patient{cfg.Store}
		if err := login(t, client(t, cfg)); err != nil && !errors.Is(err, session.ErrPasswordLost) {
			t.Error(err)
		}
		fmt.Println(done)
	})
	if !t.Failed() {
		os.Exit(0) // without a word of the test's own
	}
}

// left are rotations that were killed at one step, for a recoverer to come after.
var left = []struct {
	name string
	step func(steps []string) int
	lost bool
}{
	{"mark held", func(steps []string) int { return slices.Index(steps, "rotation started") }, false},
	{"answered, not sealed", func(steps []string) int { return slices.Index(steps, "rotation accepted") - 1 - len(sealing) }, true},
	{"sealed, not saved", func(steps []string) int { return slices.Index(steps, "rotation accepted") }, false},
	{"saved, mark not cleared", func(steps []string) int { return slices.Index(steps, "rotation saved") - 1 - len(sealing) }, false},
}

// sealing is one change of the record, but for its beginning.
var sealing = []string{"store load ends", "store swap begins", "store swap ends"}

func TestG4KilledRecoveries(t *testing.T) {
	if os.Getenv(victimVariable) == recovers {
		recoverer(t)
		return
	}
	_, asked := kills(t)
	dir := media(t, false)[0].dir
	r := rehearse(t, dir)
	for _, l := range left {
		halt := l.step(r.steps)
		s, p := halted(t, dir, halt, -1)
		p.rotate()
		if status := p.finish(); status != 0 {
			t.Fatalf("%s: an undisturbed recovery ends with status %d: %q %s", l.name, status, p.steps(), &p.stderr)
		}
		s.silence()
		steps := p.steps()
		t.Logf("%s: %q", l.name, steps)
		which := rand.Perm(len(steps))
		if !asked {
			which = which[:min(len(which), 6)]
		}
		for _, k := range which {
			t.Run(fmt.Sprintf("%s/%02d", l.name, k), func(t *testing.T) {
				t.Parallel()
				killRecoverer(t, dir, halt, k, l.lost)
			})
		}
	}
}

// halted leaves a rotation behind that was killed at one step, and a recoverer that will stop at
// another.
func halted(t *testing.T, dir string, step, next int) (*stage, *process) {
	t.Helper()
	s := newStage(t, top(t, dir))
	s.ahead = recovererIsAhead
	o := s.orders()
	o.Halt = step
	first := start(t, o)
	first.rotate()
	first.until(func(lines []string) bool { return len(lines) > 1+step })
	if !first.kill() {
		t.Fatalf("it ended of its own accord: %s", &first.stderr)
	}
	o.Halt = next
	return s, startCommand(t, o, func(cmd *exec.Cmd) {
		cmd.Args = append(cmd.Args, "-test.run=^TestG4KilledRecoveries$")
		cmd.Env = append(cmd.Env, victimVariable+"="+recovers)
	})
}

func killRecoverer(t *testing.T, dir string, halt, step int, lost bool) {
	t.Helper()
	s, p := halted(t, dir, halt, step)
	p.rotate()
	p.until(func(lines []string) bool { return len(lines) > 1+step })
	if !p.kill() && !p.returned() {
		t.Errorf("it ended of its own accord: %s", &p.stderr)
	}
	s.silence()
	already := s.refused()
	if already > 1 {
		t.Errorf("one recovery spent %d strikes", already)
	}
	r := s.remains(t)
	if p.prints("DATA RACE") || p.prints(r.inForce) || p.prints(s.old) {
		t.Errorf("printed: %q %s", p.steps(), &p.stderr)
	}
	var e ending
	var spent int
	s.recover(t, r, manner(rand.N(int(manners))), &e, &spent)
	if (e == unknownLost) != lost {
		t.Errorf("ended %q", e)
	}
	if spent > 1 || spent+already != 0 && !lost {
		t.Errorf("recovering cost %d strikes, after %d", spent, already)
	}
	if t.Failed() {
		t.Logf("killed at step %d of %s", step, strings.Join(p.steps(), ", "))
	}
}
