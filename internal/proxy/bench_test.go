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
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// BenchmarkProxy measures, over loopback and in one run, a request without a proxy, through a bare
// httputil.ReverseProxy with preset tokens, and through this proxy as the command runs it, with its
// metrics and without the access log. Allocations are those of client, proxy and platform together: the
// difference counts.
func BenchmarkProxy(b *testing.B) {
	const size = 1 << 20
	upstream := httptest.NewUnstartedServer(nil)
	platform := sessiontest.New(b, sessiontest.WithBaseURL("http://"+upstream.Listener.Addr().String()+"/api"))
	large := make([]byte, size)
	small := []byte(`{"devices":[]}`)
	upstream.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/small"):
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write(small)
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

	for _, way := range []struct {
		name string
		base string
	}{
		{"direct", platform.BaseURL()},
		{"ReverseProxy", bareProxy(b, platform.BaseURL())},
		{"thingspace", benchedProxy(b, platform)},
	} {
		for _, c := range []struct {
			name, method, path string
			body               int
			parallel           bool
			bytes              int64
		}{
			{"get", http.MethodGet, "/m2m/small", 0, false, 0},
			{"post", http.MethodPost, "/m2m/small", 200, false, 0},
			{"get-parallel", http.MethodGet, "/m2m/small", 0, true, 0},
			{"download-1MiB", http.MethodGet, "/m2m/large", 0, false, size},
			{"upload-1MiB", http.MethodPost, "/m2m/upload", size, false, size},
		} {
			b.Run(c.name+"/"+way.name, func(b *testing.B) {
				transport := &http.Transport{MaxIdleConnsPerHost: 64}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport}
				one := func() {
					var body io.Reader
					if c.body > 0 {
						body = strings.NewReader(string(large[:c.body]))
					}
					req, err := http.NewRequestWithContext(context.Background(), c.method, way.base+c.path, body)
					if err != nil {
						b.Fatal(err)
					}
					resp, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					n, err := io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					if err != nil || resp.StatusCode != http.StatusOK || c.path == "/m2m/large" && n != size {
						b.Errorf("%d, %d bytes, %v", resp.StatusCode, n, err)
					}
				}
				one()
				b.SetBytes(c.bytes)
				b.ReportAllocs()
				if c.parallel {
					b.SetParallelism(16)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							one()
						}
					})
					return
				}
				for b.Loop() {
					one()
				}
			})
		}
	}
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
