package growth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"iot.internal/thingspace/internal/plot"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// instant answers requests of resources at once, and leaves everything else to the platform.
type instant struct {
	platform http.RoundTripper
	answer   func() *http.Response // nil: ask the platform
}

func (i *instant) RoundTrip(req *http.Request) (*http.Response, error) {
	if i.answer != nil {
		return i.answer(), nil
	}
	return i.platform.RoundTrip(req)
}

func ready(t *testing.T) (*session.Client, *instant, string) {
	t.Helper()
	p := sessiontest.New(t)
	cfg := p.Config()
	base := &instant{platform: cfg.Transport}
	cfg.Transport = base
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, base, p.BaseURL() + "/m2m/v1/devices/actions/list"
}

// cost is of one RoundTrip, the transport's part being nothing.
func cost(t *testing.T, c *session.Client, request func() *http.Request) testing.BenchmarkResult {
	t.Helper()
	return testing.Benchmark(func(b *testing.B) {
		b.Helper()
		b.ReportAllocs()
		req, spent := request(), processorTime(b)
		for b.Loop() {
			resp, err := c.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		b.ReportMetric(float64((processorTime(b)-spent).Nanoseconds())/float64(b.N), processor)
	})
}

// processor is the time that an operation takes of the processors, which does not grow with what else
// the machine does.
const processor = "cpu-ns/op"

func TestHeaders(t *testing.T) {
	c, base, url := ready(t)
	ok := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	base.answer = func() *http.Response { return ok }
	var time, bytes, allocations []plot.Point
	counts := []int{1, 16}
	if whole() {
		counts = []int{1, 2, 4, 6, 8, 16, 32, 64, 128, 256, 512, 1024}
	}
	for _, n := range counts {
		r := cost(t, c, func() *http.Request {
			req, err := http.NewRequest(http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				req.Header.Set(fmt.Sprintf("X-Header-%04d", i), "value")
			}
			return req
		})
		x := float64(n)
		time = append(time, plot.Point{X: x, Y: r.Extra[processor]})
		bytes = append(bytes, plot.Point{X: x, Y: float64(r.AllocedBytesPerOp())})
		allocations = append(allocations, plot.Point{X: x, Y: float64(r.AllocsPerOp())})
	}
	linear(t, "the memory of headers", bytes)
	if whole() {
		linear(t, "the time of headers", time)
	}
	doc.add(section{
		name: "Headers of the caller's", file: "growth-headers", x: "headers", y: "bytes, or ns, of a request",
		say:     "One request through the client, whose transport answers at once; time is the processor's. The map of headers is copied, since the caller's must not be changed.",
		columns: []column{{"ns a request", time, false, 1}, {"bytes a request", bytes, false, 1}, {"allocations a request", allocations, false, 1}},
		plots:   []string{"ns a request", "bytes a request"}, log: true,
	})
}

func TestBodies(t *testing.T) {
	c, base, url := ready(t)
	counts := []int{1, 1 << 20}
	if whole() {
		counts = nil
		for n := 1; n <= 64<<20; n *= 8 {
			counts = append(counts, n)
		}
	}
	var sent, refused, memory []plot.Point
	for _, n := range counts {
		content := bytes.Repeat([]byte("x"), n)
		ok := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
		base.answer = func() *http.Response { return ok }
		post := cost(t, c, func() *http.Request {
			req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			return req
		})
		page := append([]byte(`{"errorCode": "`), content...)
		base.answer = func() *http.Response {
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(page)), ContentLength: int64(len(page))}
		}
		peek := cost(t, c, func() *http.Request {
			req, err := http.NewRequest(http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			return req
		})
		x := float64(n)
		sent = append(sent, plot.Point{X: x, Y: post.Extra[processor]})
		refused = append(refused, plot.Point{X: x, Y: peek.Extra[processor]})
		memory = append(memory, plot.Point{X: x, Y: float64(peek.AllocedBytesPerOp())})
	}
	if last := memory[len(memory)-1].Y; last > 512<<10 {
		t.Errorf("an answer of %.0f bytes costs %.0f bytes to look at", memory[len(memory)-1].X, last)
	}
	doc.add(section{
		name: "Size of bodies", file: "growth-bodies", x: "bytes", y: "bytes, or ns, of a request",
		say: "Sent: a request with a body that size, which the client hands on without a look. Refused: an answer of status 400 with a body that size, of " +
			"which the client reads 4 KiB at most to see whether a token is meant, and puts them back. Time is the processor's.",
		columns: []column{{"ns a request sent", sent, false, 1}, {"ns a request refused", refused, false, 1}, {"bytes a request refused", memory, false, 1}},
		plots:   []string{"ns a request sent", "ns a request refused", "bytes a request refused"}, log: true,
	})
}
