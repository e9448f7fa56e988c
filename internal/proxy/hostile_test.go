package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

func TestAMalformedTrailerShowsNoToken(t *testing.T) {
	var token, bearer string
	r := newRig(t, setup{resource: func(w http.ResponseWriter, req *http.Request) {
		token, bearer = req.Header.Get("VZ-M2M-Token"), strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n%s %s\r\n\r\n", token, bearer)
		_ = out.Flush()
		_ = conn.Close()
	}})
	if text, err := io.ReadAll(r.do(http.MethodGet, resource, nil).Body); string(text) != "hi" || err == nil {
		t.Errorf("%q, %v", text, err)
	}
	r.log.until(t, "outcome=cut")
	r.log.holdsNone(t, token, bearer)
}

func TestAPathThatWouldBeEscapedAnewIsRefused(t *testing.T) {
	r := newRig(t, setup{})
	for _, path := range []string{`/m2m/v1/x%2Bb|c`, `/m2m/v1/x%2Bb%26%3D"c`, `/m2m/v1/%41{b}`, "/m2m/v1/a`b", "/m2m/v1/a^b", "/m2m/v1/<b>"} {
		answer := r.raw("GET " + path + " HTTP/1.1\r\nHost: " + r.addr + "\r\nConnection: close\r\n\r\n")
		if !strings.Contains(answer, pathRefused.name) {
			t.Errorf("%s: %q", path, answer)
		}
	}
	if n := r.platform.Counters().Resources; n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// hole is a connection that a firewall on the way forgets: what is written is gone, and nothing comes.
type hole struct {
	net.Conn

	forgotten *atomic.Bool
	closed    chan struct{}
	once      atomic.Bool
}

func (h *hole) Write(p []byte) (int, error) {
	if h.forgotten.Load() {
		return len(p), nil
	}
	return h.Conn.Write(p)
}

func (h *hole) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	if h.forgotten.Load() {
		<-h.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (h *hole) Close() error {
	if h.once.CompareAndSwap(false, true) {
		close(h.closed)
	}
	return h.Conn.Close()
}

func TestADeadConnectionOverHTTP2IsNotUsedForEver(t *testing.T) {
	forgotten := make([]atomic.Bool, 100)
	var dialled atomic.Int32
	r := newRig(t, setup{
		http2: true, limit: 2 * time.Second,
		resource: func(http.ResponseWriter, *http.Request) {},
		config: func(cfg *session.Config) {
			base, ok := cfg.Transport.(*http.Transport)
			if !ok || base.HTTP2 == nil || base.HTTP2.SendPingTimeout <= 0 || base.HTTP2.PingTimeout <= 0 {
				t.Fatal("silent connections are not asked whether they are alive")
			}
			base.HTTP2.SendPingTimeout, base.HTTP2.PingTimeout = 200*time.Millisecond, 200*time.Millisecond
			base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &hole{Conn: conn, forgotten: &forgotten[dialled.Add(1)], closed: make(chan struct{})}, nil
			}
		},
	})
	if status, name, _ := r.get(http.MethodGet, resource, nil); status != http.StatusOK {
		t.Fatal(status, name)
	}
	for i := range dialled.Load() + 1 {
		forgotten[i].Store(true)
	}
	var answers []int
	for range 4 {
		status, _, _ := r.get(http.MethodGet, resource, nil)
		answers = append(answers, status)
	}
	if answers[len(answers)-1] != http.StatusOK {
		t.Errorf("%v: the dead connection is used again and again", answers)
	}
}
