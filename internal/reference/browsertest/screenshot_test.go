package browsertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// TestScreenshots takes pictures for people to look at, into the directory REFERENCE_SCREENSHOTS names, and otherwise
// only proves that it can.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("REFERENCE_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, as := range []look{desktop, desktop.inTheDark(), phone, phone.inTheDark()} {
		t.Run(as.String(), func(t *testing.T) {
			origin := simulate(t)
			b := open(t, origin, origin+"/", as)
			b.picture(filepath.Join(dir, as.String()+"-top.png"), "body", 1400)
			b.logIn()
			b.click("#use")
			b.text("#used", ": 200")
			b.picture(filepath.Join(dir, as.String()+"-calls.png"), "#calls", 1900)
		})
	}
}

// picture is of what begins at the element, whole width.
func (b *tab) picture(path, selector string, height float64) {
	b.t.Helper()
	at := value[struct {
		Y      float64 `json:"y"`
		Width  float64 `json:"width"`
		Height float64 `json:"height"`
	}](b, `(() => {
		document.activeElement.blur();
		document.querySelector(".bar").style.position = "static"; // or it lies across the picture
		return {
			y: document.querySelector(`+quote(selector)+`).getBoundingClientRect().top + scrollY,
			width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight,
		};
	})()`)
	beyond := true
	png := send(b, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond,
		Clip:                  &page.Viewport{Y: at.Y, Width: at.Width, Height: min(height, at.Height-at.Y), Scale: 1},
	}).Data
	if len(png) < 10_000 {
		b.t.Fatalf("a picture of %d bytes", len(png))
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
