package clientfuzz

import (
	"encoding/hex"
	"os"
	"strconv"
	"testing"

	"iot.internal/thingspace/internal/ledger"
)

// TestLawsHoldInRandomPrograms runs programs by their seeds: THINGSPACE_PROGRAMS of them, from
// THINGSPACE_SEED on. THINGSPACE_PROGRAM runs one that was printed.
func TestLawsHoldInRandomPrograms(t *testing.T) {
	if text := os.Getenv("THINGSPACE_PROGRAM"); text != "" {
		p, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if r := run(t, p); r.law() != "" {
			r.report(t)
		} else {
			for _, line := range r.trail {
				t.Log(line)
			}
		}
		return
	}
	first, count := number(t, "THINGSPACE_SEED", 1), number(t, "THINGSPACE_PROGRAMS", 80)
	for seed := first; seed < first+count && !t.Failed(); seed++ {
		if r := run(t, random(seed)); r.law() != "" {
			t.Logf("seed %d", seed)
			shrink(t, r).report(t)
		}
	}
}

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// shrink leaves steps out as long as the same law is broken.
func shrink(t *testing.T, r result, sabotage ...func(*world)) result {
	t.Helper()
	for size := len(r.program.steps()); size > 0; {
		found := false
		for i := 0; i < len(r.program.steps()); {
			shorter := run(t, r.program.without(i, size), sabotage...)
			if shorter.law() == r.law() {
				r, found = shorter, true
			} else {
				i += size
			}
		}
		if !found || size > 1 {
			size /= 2
		}
	}
	return r
}

// FuzzClient breeds programs.
func FuzzClient(f *testing.F) {
	for seed := range uint64(20) {
		f.Add([]byte(random(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r := run(t, data); r.law() != "" {
			shrink(t, r).report(t)
		}
	})
}

// TestBrokenLedgersAreFound shows that the programs find what they are for: with a store that drops one
// of the ledger's memories a law is broken soon.
func TestBrokenLedgersAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		law   string
		from  uint64 // a seed soon before one that finds it
		alter func(ledger.Record) ledger.Record
	}{
		"refusals are forgotten": {"G1 never locked out", 0, func(r ledger.Record) ledger.Record {
			r.Strikes, r.Refused = nil, nil
			return r
		}},
		"leases lapse at once": {"G2 one at a time", 200, func(r ledger.Record) ledger.Record {
			if r.Lease != nil {
				r.Lease.Length = 1
			}
			return r
		}},
		"doubts are forgotten": {"G4 no password is lost silently", 0, func(r ledger.Record) ledger.Record {
			if r.Rotation != nil && r.Rotation.Phase == ledger.Doubt {
				r.Rotation = nil
			}
			return r
		}},
	} {
		t.Run(name, func(t *testing.T) {
			sabotage := func(w *world) { w.record.alter = c.alter }
			for seed := c.from; seed < c.from+1000; seed++ {
				if r := run(t, random(seed), sabotage); r.law() != "" {
					t.Logf("seed %d: %s", seed, r.problems[0])
					if r.law() == c.law {
						return
					}
				}
			}
			t.Errorf("nobody noticed")
		})
	}
}
