package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestWhatMustFollowAVersion(t *testing.T) {
	for _, c := range []struct {
		from string
		c    change
		want string
	}{
		{"1.2.3", unchanged, "1.2.3"},
		{"1.2.3", wording, "1.2.4"},
		{"1.2.3", addition, "1.3.0"},
		{"1.2.3", breaking, "2.0.0"},
		{"0.2.3", wording, "0.2.4"},
		{"0.2.3", addition, "0.2.4"},
		{"0.2.3", breaking, "0.3.0"},
	} {
		v, err := parseVersion(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.next(c.c).String(); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.from, c.c, got, c.want)
		}
	}
}

func TestAnOlderVersionIsRefused(t *testing.T) {
	if p := misnumbered(version{1, 10, 0}, version{1, 9, 9}, unchanged); len(p) != 1 {
		t.Errorf("%q", p)
	}
	if p := misnumbered(version{1, 9, 9}, version{1, 10, 0}, addition); len(p) != 0 {
		t.Errorf("%q", p)
	}
}

func TestWhatIsNoVersionIsRefused(t *testing.T) {
	for _, s := range []string{"", "1", "1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "1.2.3 ", "1.2.9999999999999999999"} {
		if v, err := parseVersion(s); err == nil {
			t.Errorf("%q: %v", s, v)
		}
	}
}

func TestTheChangelogMustTell(t *testing.T) {
	v := version{2, 0, 0}
	for name, c := range map[string]struct {
		text   string
		change change
		ok     bool
	}{
		"nothing":                           {"", wording, false},
		"only what is not released":         {"## Unreleased\n\n- a\n", wording, false},
		"another version":                   {"## 2.0.00\n\n- a\n## 12.0.0\n\n- a\n## 2.0.0-rc\n\n- a\n", wording, false},
		"an empty section":                  {"## 2.0.0\n\n## 1.0.0\n\n- a\n", wording, false},
		"a section of headings":             {"## 2.0.0\n\n### Changed\n\n## 1.0.0\n\n- a\n", wording, false},
		"a section":                         {"## 2.0.0\n\n- a\n", addition, true},
		"a section with a date":             {"## [2.0.0] - 2026-11-23\n\n- a\n", addition, true},
		"a break that is not told":          {"## 2.0.0\n\n- a\n", breaking, false},
		"a break told of another version":   {"## 2.0.0\n\n- a\n\n## 1.0.0\n\n### Breaking\n\n- b\n", breaking, false},
		"a break with nothing told":         {"## 2.0.0\n\n### Breaking\n\n### Added\n\n- a\n", breaking, false},
		"a break that is told":              {"## 2.0.0\n\n### Added\n\n- a\n\n### Breaking\n\n- b\n", breaking, true},
		"a version of which one is a digit": {"## 2x0.0\n\n- a\n", wording, false},
	} {
		if got := told(c.text, v, c.change); (len(got) == 0) != c.ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTheReasonForARefusalIsPrinted(t *testing.T) {
	var out bytes.Buffer
	base := version{1, 0, 0}
	(&verdict{version: version{1, 0, 1}, base: &base, change: breaking, breaks: []string{"gone"}, adds: []string{"new"}, problems: []string{"too low"}}).print(&out)
	for _, want := range []string{"from the released 1.0.0 to 1.0.1: something breaks", "breaks: gone", "adds:   new", "refused: too low"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %q", want, out.String())
		}
	}
}

func TestAReleaseIsKeptOnceAndNeverRewritten(t *testing.T) {
	before := was(t)
	tree := trial(t, before, before, tellsAll)
	kept, err := os.ReadFile(tree.snapshot(version{1, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}

	// The same version with other words: refused, unless nobody has it yet.
	reworded := was(t)
	at(t, reworded, "info")["description"] = "Shorter."
	store(t, tree.contract(), reworded)
	v, err := tree.release(t.Context(), false)
	if err != nil || len(v.problems) != 1 {
		t.Fatalf("%v %v", v, err)
	}
	if now, err := os.ReadFile(tree.snapshot(version{1, 2, 3})); err != nil || !bytes.Equal(now, kept) {
		t.Fatalf("rewritten, %v", err)
	}
	if v, err = tree.release(t.Context(), true); err != nil || len(v.problems) != 0 {
		t.Fatalf("%v %v", v, err)
	}
	if v, err = tree.judge(t.Context(), judgeMerge); err != nil || v.change != unchanged {
		t.Fatalf("%v %v", v, err)
	}

	// The next version is kept beside it, and compared with from then on.
	breakingSeeds[0].edit(t, reworded)
	at(t, reworded, "info")["version"] = "2.0.0"
	store(t, tree.contract(), reworded)
	if v, err = tree.release(t.Context(), false); err != nil || len(v.problems) != 0 {
		t.Fatalf("%v %v", v, err)
	}
	if v, err = tree.judge(t.Context(), judgeMerge); err != nil || v.change != unchanged || *v.base != (version{2, 0, 0}) {
		t.Fatalf("%+v %v", v, err)
	}

	// An older one cannot come back.
	store(t, tree.contract(), before)
	if _, err = tree.release(t.Context(), true); !errors.Is(err, errReleased) {
		t.Errorf("%v", err)
	}
}

func TestAnEditedOrMissingReleaseIsNoticed(t *testing.T) {
	before := was(t)
	for name, spoil := range map[string]func(tree) error{
		"edited": func(tree tree) error {
			return os.WriteFile(tree.snapshot(version{1, 2, 3}), []byte("info: {version: 1.2.3}\n"), 0o600)
		},
		"without sums": func(tree tree) error { return os.Remove(tree.sums()) },
		"removed":      func(tree tree) error { return os.Remove(tree.snapshot(version{1, 2, 3})) },
		"misnamed": func(tree tree) error {
			return os.Rename(tree.snapshot(version{1, 2, 3}), tree.snapshot(version{1, 0, 0}))
		},
	} {
		tree := trial(t, before, before, tellsAll)
		if err := spoil(tree); err != nil {
			t.Fatal(err)
		}
		if v, err := tree.judge(t.Context(), judgeMerge); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestTheExitStatusSaysWhetherItWasJudged(t *testing.T) {
	before, now := was(t), was(t)
	breakingSeeds[0].edit(t, now)
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"-root", trial(t, before, now, tellsAll).root}, &out, &errs); status != 1 {
		t.Errorf("a breaking change: %d, %q, %q", status, &out, &errs)
	}
	if status := run(t.Context(), []string{"-root", trial(t, before, before, tellsAll).root}, &out, &errs); status != 0 {
		t.Errorf("no change: %d, %q, %q", status, &out, &errs)
	}
	for _, args := range [][]string{{"-root", t.TempDir()}, {"-nonsense"}, {"nonsense"}} {
		if status := run(t.Context(), args, &out, &errs); status != 2 {
			t.Errorf("%q: %d", args, status)
		}
	}
}
