package browsertest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheStaticPageIsDrawnFromAnyServerAndFromTheDisk(t *testing.T) {
	dir := site(t)
	server := httptest.NewServer(http.StripPrefix("/some/where", http.FileServer(http.Dir(dir))))
	t.Cleanup(server.Close)
	for name, where := range map[string][2]string{
		"server": {server.URL + "/some/where/", server.URL + "/some/where/"},
		"disk":   {"file://" + dir + "/", "file://" + dir + "/index.html"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, where[0], where[1], desktop)
			b.text("#contract-text", "Never let a client, a proxy or a library retry")
			b.do(chromedp.WaitNotVisible(chromedp.CSS(".console")))
			b.click(loginCall + " .opblock-summary-control")
			b.text(loginCall, "Log in once and share the session")
			if ways := value[int](b, `document.querySelectorAll("button.execute, .try-out__btn, .btn.authorize").length`); ways != 0 {
				t.Errorf("%d buttons send calls, though nothing answers here", ways)
			}
		})
	}
}
