package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/internal/machine"
	"iot.internal/thingspace/internal/plot"
)

func describe(t *testing.T) string {
	t.Helper()
	return machine.Table(t.Context())
}

// report is the document.
type report struct {
	head        string
	lasts       time.Duration
	fleets      []*fleet
	samples     []sample
	early, late sample
}

// tables are the numbers.
func (r report) tables() string {
	var b strings.Builder
	b.WriteString("| fleet | requests | events | logins | predicted | strikes at most | requests failed, all explained | not replayable, refused once |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, f := range r.fleets {
		var total tally
		for i := range kinds {
			total = total.plus(f.tally(&kinds[i]))
		}
		n := f.platform.Counters()
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d |\n",
			f.name, f.requests.Load(), total.events, n.Logins, total.predicted+1, n.MaxStrikes, total.failed, total.standby)
	}
	b.WriteString("\n| what happened | times | logins each, predicted and seen | requests failed each, allowed | seen |\n|---|--:|--:|--:|--:|\n")
	for i := range kinds {
		var all tally
		for _, f := range r.fleets {
			all = all.plus(f.tally(&kinds[i]))
		}
		if all.events == 0 {
			continue
		}
		allowed := fmt.Sprint(kinds[i].fails)
		if kinds[i].fails == anyNumber {
			allowed = "while it lasts"
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %.1f |\n", kinds[i].name, all.events, kinds[i].logins, allowed, float64(all.failed)/float64(all.events))
	}
	b.WriteString("\n| held by the process | second quarter | last quarter |\n|---|--:|--:|\n")
	const kib = 1 << 10
	fmt.Fprintf(&b, "| heap alive, KiB | %d | %d |\n| resident, KiB | %d | %d |\n| goroutines | %d | %d |\n| file descriptors | %d | %d |\n",
		r.early.heap/kib, r.late.heap/kib, r.early.resident/kib, r.late.resident/kib,
		r.early.goroutines, r.late.goroutines, r.early.descriptors, r.late.descriptors)
	return b.String()
}

// tally sums up events of a kind.
type tally struct{ events, predicted, failed, standby int }

func (a tally) plus(b tally) tally {
	return tally{a.events + b.events, a.predicted + b.predicted, a.failed + b.failed, a.standby + b.standby}
}

func (f *fleet) tally(k *kind) (sum tally) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.kind == k {
			sum = sum.plus(tally{1, k.logins, e.failed, e.standby})
		}
	}
	return sum
}

func (r report) write(t *testing.T, dir string) {
	t.Helper()
	text := fmt.Sprintf(`# Soak

Written by `+"`make soak`"+`; do not edit. %s of mixed traffic in real time, over sockets: %d fleets of %d clients with %d callers each, one
for each kind of store, in one process together with the platform they talk to. All the while sessions and bearers expire,
passwords are rotated, clients are restarted, and the platform and Redis fail. Each event says beforehand how many logins it will cost, and how many
requests it may fail; a request that fails beyond that, and a login too many or too few, fails the run.

%s
%s
Heap, goroutines and file descriptors are compared by the medians of the second and the last quarter; more than a quarter and 1 MiB of heap, or a
tenth and 10 of the others, fails the run. The simulated platform, which remembers the sessions it has ended, and the list of events live in the
same heap.

![heap, goroutines and file descriptors over time](soak.svg)
`, r.lasts, len(r.fleets), clientsEach, callersEach, r.head, r.tables())
	chart := plot.Chart{Title: "What the process holds during the soak", X: "minutes", Y: "relative to the median of the second quarter", Series: []plot.Series{
		r.series("heap", func(s sample) float64 { return float64(s.heap) }, float64(r.early.heap)),
		r.series("goroutines", func(s sample) float64 { return float64(s.goroutines) }, float64(r.early.goroutines)),
		r.series("file descriptors", func(s sample) float64 { return float64(s.descriptors) }, float64(r.early.descriptors)),
	}}
	for name, content := range map[string]string{"soak.md": text, "soak.svg": chart.SVG()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (r report) series(name string, of func(sample) float64, unit float64) plot.Series {
	s := plot.Series{Name: name}
	for _, sample := range r.samples {
		s.Points = append(s.Points, plot.Point{X: sample.at.Minutes(), Y: of(sample) / unit})
	}
	return s
}
