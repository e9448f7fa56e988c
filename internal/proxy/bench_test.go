package proxy

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// BenchmarkProxy measures, over loopback, a request without a proxy, through a bare
// httputil.ReverseProxy with preset tokens, and through this proxy as the command runs it, with its
// metrics and without the access log. The three take turns, batch by batch, so that whatever else the
// machine does hits them alike; what is reported is the median of the batches. Allocations are those of
// client, proxy and platform together: the difference counts.
func BenchmarkProxy(b *testing.B) {
	platform := benchedPlatform(b)
	ways := []struct{ name, base string }{
		{"direct", platform.BaseURL()}, {"bare", bareProxy(b, platform.BaseURL())}, {"thingspace", benchedProxy(b, platform)},
	}
	for _, c := range []benchCase{
		{"get", http.MethodGet, "/m2m/small", 0, 1, 50},
		{"post-200B", http.MethodPost, "/m2m/small", 200, 1, 50},
		{"get-32-clients", http.MethodGet, "/m2m/small", 0, 32, 320},
		{"download-1MiB", http.MethodGet, "/m2m/large", 0, 1, 5},
		{"upload-1MiB", http.MethodPost, "/m2m/upload", benchedSize, 1, 5},
	} {
		b.Run(c.name, func(b *testing.B) {
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			times, allocations := map[string][]float64{}, map[string][]float64{}
			for _, way := range ways {
				c.batch(b, client, way.base) // connections, the login
			}
			for b.Loop() {
				for _, way := range ways {
					took, allocated := c.batch(b, client, way.base)
					times[way.name] = append(times[way.name], took)
					allocations[way.name] = append(allocations[way.name], allocated)
				}
			}
			b.ReportMetric(0, "ns/op") // of all three together: no use
			for _, way := range ways {
				b.ReportMetric(median(times[way.name]), way.name+"-µs")
				b.ReportMetric(median(allocations[way.name]), way.name+"-allocs")
			}
		})
	}
}

const benchedSize = 1 << 20

// benchCase is one kind of request.
type benchCase struct {
	name, method, path string
	body               int
	clients, requests  int // a batch
}

// batch sends a batch, and returns the microseconds and allocations for each request.
func (c benchCase) batch(b *testing.B, client *http.Client, base string) (took, allocated float64) {
	b.Helper()
	body := strings.Repeat("x", c.body)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	var all sync.WaitGroup
	for range c.clients {
		all.Go(func() {
			for range c.requests / c.clients {
				c.one(b, client, base, body)
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	runtime.ReadMemStats(&after)
	return float64(elapsed.Microseconds()) / float64(c.requests), float64(after.Mallocs-before.Mallocs) / float64(c.requests)
}

func (c benchCase) one(b *testing.B, client *http.Client, base, body string) {
	b.Helper()
	req, err := http.NewRequestWithContext(context.Background(), c.method, base+c.path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		b.Error(err)
		return
	}
	n, err := io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || c.path == "/m2m/large" && n != benchedSize {
		b.Errorf("%d, %d bytes, %v", resp.StatusCode, n, err)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// benchedPlatform answers three resources at once, and everything else as ever.
func benchedPlatform(b *testing.B) *sessiontest.Server {
	b.Helper()
	upstream := httptest.NewUnstartedServer(nil)
	platform := sessiontest.New(b, sessiontest.WithBaseURL("http://"+upstream.Listener.Addr().String()+"/api"))
	large := make([]byte, benchedSize)
	upstream.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/small"):
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{"devices":[]}`)
		case strings.HasSuffix(r.URL.Path, "/large"):
			_, _ = w.Write(large)
		case strings.HasSuffix(r.URL.Path, "/upload"):
			_, _ = io.Copy(io.Discard, r.Body)
		default:
			platform.Handler().ServeHTTP(w, r)
		}
	})
	upstream.Start()
	b.Cleanup(upstream.Close)
	return platform
}

// bareProxy is what one would write without this package, with tokens that never go stale.
func bareProxy(b *testing.B, baseURL string) string {
	b.Helper()
	base, err := url.Parse(baseURL)
	if err != nil {
		b.Fatal(err)
	}
	transport := NewTransport(DefaultMaxRequests, 0)
	b.Cleanup(transport.CloseIdleConnections)
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			r.Out.Header.Set("Authorization", "Bearer preset")
			r.Out.Header.Set("Vz-M2m-Token", "preset")
		},
		Transport: transport, FlushInterval: -1, BufferPool: &buffers{},
	})
	b.Cleanup(server.Close)
	return server.URL
}

// benchedProxy is this proxy.
func benchedProxy(b *testing.B, platform *sessiontest.Server) string {
	b.Helper()
	metrics := NewMetrics()
	cfg := platform.Config()
	transport := NewTransport(DefaultMaxRequests, time.Minute)
	cfg.Transport, cfg.Trace = transport, metrics.Trace(nil)
	client, err := session.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	listener, err := Listen(context.Background(), "127.0.0.1:0", false)
	if err != nil {
		b.Fatal(err)
	}
	hosts, err := HostsOf(listener.Addr(), nil)
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(Options{
		Client: client, BaseURL: cfg.BaseURL, Paths: mustPaths(b), Hosts: hosts, Metrics: metrics, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, Serving{Listener: listener, Grace: time.Second}) }()
	b.Cleanup(func() {
		end()
		if err := <-served; err != nil {
			b.Error(err)
		}
		_ = client.Close()
		transport.CloseIdleConnections()
	})
	return "http://" + net.JoinHostPort("127.0.0.1", portOf(listener))
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
