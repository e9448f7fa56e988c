package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until the element has the focus.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 80 {
		if value[bool](b, `document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.t.Fatalf("no Tab leads to %s", selector)
}

func TestALoginNeedsNoMouse(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	b.tabTo(".skip")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo("#get-bearer")
	if value[string](b, `getComputedStyle(document.activeElement).outlineStyle`) == "none" {
		t.Error("nothing shows where the focus is")
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.visible(`#step-bearer[data-state=held]`)
	b.tabTo("#open-login")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.visible(loginCall + " button.execute")
	b.tabTo(loginCall + " button.execute")
	b.do(chromedp.KeyEvent(kb.Enter))
	if guid.FindString(b.text(loginCall+answerBody, "sessionToken")) == "" {
		t.Error("no token")
	}
}
