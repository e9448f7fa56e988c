package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// verdict is what there is to say about the contract.
type verdict struct {
	version  version
	base     *version // compared with; nil at the first release
	change   change
	breaks   []string
	adds     []string
	problems []string
}

func (v *verdict) print(w io.Writer) {
	if v.base == nil {
		_, _ = fmt.Fprintf(w, "specdiff: %s is the first release\n", v.version)
	} else {
		_, _ = fmt.Fprintf(w, "specdiff: from the released %s to %s: %s\n", v.base, v.version, v.change)
	}
	for _, line := range v.breaks {
		_, _ = fmt.Fprintln(w, "  breaks:", line)
	}
	for _, line := range v.adds {
		_, _ = fmt.Fprintln(w, "  adds:  ", line)
	}
	for _, line := range v.problems {
		_, _ = fmt.Fprintln(w, "specdiff: refused:", line)
	}
}

// why the contract is judged.
type why int

const (
	judgeMerge   why = iota // there must be something to compare with
	judgeRelease            // the first one has nothing to compare with
	judgeAgain              // the snapshot of this very version is no base: it is about to be replaced
)

// judge says whether the contract may be merged.
func (t tree) judge(ctx context.Context, reason why) (*verdict, error) {
	now, err := readDocument(t.contract())
	if err != nil {
		return nil, err
	}
	changelog, err := os.ReadFile(t.changelog())
	if err != nil {
		return nil, err
	}
	released, err := t.versions()
	if err != nil {
		return nil, err
	}
	if reason == judgeAgain {
		released = slices.DeleteFunc(released, func(v version) bool { return v == now.version })
	}
	v := &verdict{version: now.version}
	if len(released) == 0 {
		if reason == judgeMerge {
			return nil, errors.New("there is no released contract below api/released to compare with: make release-spec")
		}
		v.problems = told(string(changelog), now.version, v.change)
		return v, nil
	}
	last := released[len(released)-1]
	v.base = &last
	before, err := readDocument(t.snapshot(last))
	if err != nil {
		return nil, err
	}
	if before.version != last {
		return nil, fmt.Errorf("%s says that its version is %s", t.snapshot(last), before.version)
	}
	found, differ, err := t.differences(ctx, last)
	if err != nil {
		return nil, err
	}
	v.change, v.breaks, v.adds = grade(found, differ, before.same(now))
	v.problems = append(misnumbered(last, now.version, v.change), told(string(changelog), now.version, v.change)...)
	return v, nil
}

func (t tree) differences(ctx context.Context, last version) ([]finding, bool, error) {
	if t.tool != nil {
		return t.tool.compare(ctx, t.snapshot(last), t.contract())
	}
	dir, err := os.MkdirTemp("", "specdiff")
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tool, err := installOasdiff(ctx, dir)
	if err != nil {
		return nil, false, err
	}
	return tool.compare(ctx, t.snapshot(last), t.contract())
}

// misnumbered returns why a version does not say how much has changed since the released one.
func misnumbered(last, now version, c change) []string {
	least := last.next(c)
	switch {
	case now.compare(last) < 0:
		return []string{fmt.Sprintf("info.version is %s, which is older than the released %s", now, last)}
	case now.compare(least) < 0:
		return []string{fmt.Sprintf("info.version is %s: since the released %s %s, so it must be at least %s", now, last, c, least)}
	}
	return nil
}

// release keeps the contract as the last released one, if it may be.
func (t tree) release(ctx context.Context, again bool) (*verdict, error) {
	now, err := readDocument(t.contract())
	if err != nil {
		return nil, err
	}
	released, err := t.versions()
	if err != nil {
		return nil, err
	}
	reason := judgeRelease
	if slices.Contains(released, now.version) {
		if released[len(released)-1] != now.version {
			return nil, fmt.Errorf("%w: %s is not even the last one", errReleased, now.version)
		}
		if again {
			reason = judgeAgain
		}
	}
	v, err := t.judge(ctx, reason)
	if err != nil || len(v.problems) != 0 || slices.Contains(released, now.version) && !again {
		return v, err
	}
	return v, t.keep(now, released)
}
