package browsertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestAxeFindsNothing has axe-core judge the page, folded and unfolded, with its dialogue and with answers.
func TestAxeFindsNothing(t *testing.T) {
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if errors.Is(err, fs.ErrNotExist) {
		needs(t, "axe-core", "make browser-deps (needs npm)")
	} else if err != nil {
		t.Fatal(err)
	}
	chromium(t)
	for _, as := range []look{desktop.inTheDark(), phone} {
		t.Run(as.String(), func(t *testing.T) {
			origin := simulate(t)
			b := open(t, origin, origin+"/", as)
			b.run(string(axe) + ";0")
			b.accessible("as it opens")
			b.logIn()
			b.openAll()
			b.accessible("with everything open")
			b.click("#reference .authorize .btn.authorize")
			b.visible(".dialog-ux")
			b.accessible("with the dialogue")
		})
	}
}

// violation is one of axe's findings.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (b *tab) accessible(state string) {
	b.t.Helper()
	for _, v := range value[[]violation](b, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations)`) {
		var where strings.Builder
		for i, n := range v.Nodes {
			if i == 4 {
				fmt.Fprintf(&where, "\n  and %d more", len(v.Nodes)-i)
				break
			}
			fmt.Fprintf(&where, "\n  %.220s\n    %.300s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
		b.t.Errorf("%s: %s (%s): %s%s", state, v.ID, v.Impact, v.Help, where.String())
	}
}
