package browsertest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long any one thing may take on a busy machine.
const patience = 60 * time.Second

// look is how the page is looked at.
type look struct {
	width  int64 // CSS pixels
	height int64
	dark   bool
}

var (
	desktop = look{width: 1280, height: 900}
	phone   = look{width: 390, height: 844}
)

func (l look) inTheDark() look { l.dark = true; return l }

func (l look) String() string {
	colours := "light"
	if l.dark {
		colours = "dark"
	}
	return fmt.Sprintf("%d-%s", l.width, colours)
}

// tab is a page in a browser of its own. Whatever it complains of, and whatever it asks another host for, fails the
// test when it ends.
type tab struct {
	t      *testing.T
	ctx    context.Context
	origin string

	mu        sync.Mutex
	complains []string
	asked     []string
	expected  []string // parts of complaints that belong to the test
}

// open opens url, which is below origin, and waits until the calls are drawn.
func open(t *testing.T, origin, url string, as look) *tab {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(chromium(t)), chromedp.WindowSize(int(as.width), int(as.height)), chromedp.Flag("lang", "en"))
	if os.Getuid() == 0 {
		// Chromium refuses to run as root inside its sandbox.
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, origin: origin}
	// This starts the browser.
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if as.dark {
		scheme = "dark"
	}
	send(b, network.Enable, network.EnableParams{})
	send(b, log.Enable, cdp.Empty{})
	send(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: as.width, Height: as.height, DeviceScaleFactor: 1})
	send(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	send(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("securitypolicyviolation", (e) => console.error("policy violated: " + e.violatedDirective + " " + e.blockedURI))`,
	})
	b.do(chromedp.Navigate(url))
	b.visible(resetCall)
	t.Cleanup(b.judge)
	return b
}

// send sends a command of the browser's protocol.
func send[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.asked = append(b.asked, e.URL)
	case *runtime.EventExceptionThrown:
		what := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			what += " " + e.ExceptionDetails.Exception.Description
		}
		b.complains = append(b.complains, "exception: "+what)
	case *runtime.EventConsoleAPICalled:
		words := make([]string, 0, len(e.Args))
		for _, a := range e.Args {
			words = append(words, string(a.Value)+a.Description)
		}
		b.complains = append(b.complains, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelVerbose {
			return // advice to the authors of pages, hidden by default
		}
		b.complains = append(b.complains, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

// judge is what every page is held to.
func (b *tab) judge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complains {
		if !slices.ContainsFunc(b.expected, func(part string) bool { return strings.Contains(c, part) }) {
			b.t.Errorf("the browser says: %s", c)
		}
	}
	if len(b.asked) == 0 {
		b.t.Error("no request was seen, so nothing is known of other hosts")
	}
	for _, url := range b.asked {
		if !strings.HasPrefix(url, b.origin) && !strings.HasPrefix(url, "data:") {
			b.t.Errorf("a request went to %s", url)
		}
	}
}

// expect lets the browser complain of what the test provokes.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (b *tab) visible(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// text waits until the element's text contains part, and returns it.
func (b *tab) text(selector, part string) string {
	b.t.Helper()
	return value[string](b, `new Promise((done) => {
		const look = () => {
			const e = document.querySelector(`+quote(selector)+`);
			if (e && e.textContent.includes(`+quote(part)+`)) done(e.textContent);
			else setTimeout(look, 50);
		};
		look();
	})`)
}

// value is what the script, or the promise that it returns, results in.
func value[T any](b *tab, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v, in %.200s", err, script)
	}
	return v
}

func (b *tab) run(script string) {
	b.t.Helper()
	value[chromedp.Void](b, script)
}

func quote(s string) string { return fmt.Sprintf("%q", s) }
