package bench

import (
	"fmt"
	"net/http"
	"testing"
)

// callerHeaders are what requests carry before tokens are added: with six there is room for two more in
// a map's first group, with twelve there never was.
var callerHeaders = []int{3, 6, 12}

// BenchmarkHotNoop is what a peer adds to one request: the transport beneath answers at once, always
// with the same response, so that every allocation is the peer's.
func BenchmarkHotNoop(b *testing.B) {
	for _, n := range callerHeaders {
		for _, p := range peers {
			b.Run(fmt.Sprintf("headers=%d/peer=%s", n, p.name), func(b *testing.B) {
				e := newEnv(b, &always{response: http.Response{StatusCode: http.StatusOK, Body: http.NoBody}})
				transport, req := p.hot(e), request(e, n)
				if err := once(transport, req); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				var fastest undisturbed
				before := cpuTime()
				fastest.start()
				for b.Loop() {
					if err := once(transport, req); err != nil {
						b.Fatal(err)
					}
					fastest.done()
				}
				reportCPU(b, before)
				fastest.report(b)
			})
		}
	}
}

// BenchmarkHotParallel is the same from all processors at once, for what they do to each other. Every
// answer is a new response here, one allocation more.
func BenchmarkHotParallel(b *testing.B) {
	for _, p := range peers {
		b.Run("headers=3/peer="+p.name, func(b *testing.B) {
			e := newEnv(b, afresh{})
			transport := p.hot(e)
			if err := once(transport, request(e, 3)); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				req := request(e, 3)
				for pb.Next() {
					if err := once(transport, req); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func once(transport http.RoundTripper, req *http.Request) error {
	resp, err := transport.RoundTrip(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errStatus
	}
	return err
}

// always gives the same response; for one goroutine.
type always struct{ response http.Response }

func (a *always) RoundTrip(req *http.Request) (*http.Response, error) {
	a.response.Request = req
	return &a.response, nil
}

// afresh gives a new response each time.
type afresh struct{}

func (afresh) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

// request is a GET of a resource with so many headers.
func request(e env, headers int) *http.Request {
	req, err := http.NewRequestWithContext(e.tb.Context(), http.MethodGet, resource(e.platform), http.NoBody)
	if err != nil {
		e.tb.Fatal(err)
	}
	names := []string{
		"Accept", "Accept-Language", "User-Agent", "X-Request-Id", "Traceparent", "Tracestate",
		"Content-Type", "Cache-Control", "Baggage", "X-Tenant", "X-Service", "X-Deadline",
	}
	for _, name := range names[:headers] {
		req.Header.Set(name, "a value of common length")
	}
	return req
}
