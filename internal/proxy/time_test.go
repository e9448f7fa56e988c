package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// pipes is a listener without sockets, so that time can be virtual.
type pipes struct {
	conns chan net.Conn
	over  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.over:
	default:
		close(p.over)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8090} }

func (p *pipes) dial() net.Conn {
	mine, its := net.Pipe()
	p.conns <- its
	return mine
}

// virtual runs f in a bubble with a proxy before a platform in process.
func virtual(t *testing.T, f func(t *testing.T, platform *sessiontest.Server, p *pipes, log *journal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		platform := sessiontest.New(t)
		client, err := session.New(platform.Config())
		if err != nil {
			t.Fatal(err)
		}
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		hosts, err := HostsOf(l.Addr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		log := &journal{}
		proxy, err := New(Options{Client: client, BaseURL: platform.BaseURL(), Paths: mustPaths(t), Hosts: hosts, Logger: loggerTo(log), AccessLog: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- proxy.Serve(ctx, Serving{Listener: l, Grace: time.Minute}) }()
		f(t, platform, l, log)
		end()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

const virtualHead = " HTTP/1.1\r\nHost: 127.0.0.1:8090\r\n"

func exchangeOn(t *testing.T, conn net.Conn, in *bufio.Reader, text string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

func TestASessionThatHasRunOutIsRenewedUnderneath(t *testing.T) {
	virtual(t, func(t *testing.T, platform *sessiontest.Server, p *pipes, _ *journal) {
		text := "GET /m2m/v1/accounts/" + platform.Account() + virtualHead + "Connection: close\r\n\r\n"
		for range 30 { // fifteen hours: idle sessions and lapsed bearers
			conn := p.dial()
			if resp := exchangeOn(t, conn, bufio.NewReader(conn), text); resp.StatusCode != 200 {
				t.Fatalf("%d %v", resp.StatusCode, resp.Header)
			}
			_ = conn.Close()
			time.Sleep(30 * time.Minute)
		}
		if c := platform.Counters(); c.Resources != 30 {
			t.Errorf("%d requests for 30: what is known to be dead is renewed before", c.Resources)
		}
	})
}

func TestAClientThatSendsItsHeadersSlowlyIsCutOff(t *testing.T) {
	virtual(t, func(t *testing.T, platform *sessiontest.Server, p *pipes, _ *journal) {
		conn := p.dial()
		began := time.Now()
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			for _, c := range "GET /m2m/x" + virtualHead + strings.Repeat("X: y\r\n", 1000) {
				if _, err := conn.Write([]byte(string(c))); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		answer, _ := io.ReadAll(conn)
		if took := time.Since(began); took != ReadHeaderTimeout || strings.Contains(string(answer), "200") {
			t.Errorf("%s, %q", took, answer)
		}
		_ = conn.Close()
		if c := platform.Counters(); c.Resources != 0 {
			t.Error("it arrived")
		}
	})
}

func TestAClientThatSendsItsBodySlowlyMayTakeItsTimeAndOneThatStopsMayNot(t *testing.T) {
	virtual(t, func(t *testing.T, platform *sessiontest.Server, p *pipes, log *journal) {
		conn := p.dial()
		in := bufio.NewReader(conn)
		began := time.Now()
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			_, _ = io.WriteString(conn, "POST /m2m/v1/accounts/"+platform.Account()+virtualHead+"Content-Length: 100000\r\n\r\n")
			for range 10 { // a piece each time, in five minutes altogether
				_, _ = conn.Write(make([]byte, 10_000))
				time.Sleep(DefaultIdleLimit - 2*time.Second)
			}
		})
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != 200 || time.Since(began) < 4*time.Minute {
			t.Fatalf("%v %v after %s", resp, err, time.Since(began))
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = conn.Close()

		conn = p.dial()
		began = time.Now()
		resp = exchangeOn(t, conn, bufio.NewReader(conn), "POST /m2m/v1/accounts/"+platform.Account()+virtualHead+"Content-Length: 100000\r\n\r\n")
		if resp.StatusCode != slowBody.status || resp.Header.Get(ErrorHeader) != slowBody.name || !resp.Close || time.Since(began) != DefaultIdleLimit {
			t.Errorf("%d %v after %s", resp.StatusCode, resp.Header, time.Since(began))
		}
		_ = conn.Close()
		synctest.Wait()
		if !strings.Contains(log.String(), "error=body-too-slow") {
			t.Error(log)
		}
	})
}

func TestAPlatformMayTakeItsTimeOverAShortBody(t *testing.T) {
	virtual(t, func(t *testing.T, platform *sessiontest.Server, p *pipes, _ *journal) {
		platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Resource}, Kind: sessiontest.Slow, Delay: 10 * DefaultIdleLimit})
		conn := p.dial()
		defer func() { _ = conn.Close() }()
		in := bufio.NewReader(conn)
		for range 2 { // neither the reading nor the writing deadline is left behind
			resp := exchangeOn(t, conn, in, "POST /m2m/v1/accounts/"+platform.Account()+virtualHead+"Content-Length: 2\r\n\r\n{}")
			if resp.StatusCode != 200 {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			time.Sleep(IdleTimeout - time.Second)
		}
	})
}

func TestAnUnwantedBodyIsNotWaitedForLong(t *testing.T) {
	virtual(t, func(t *testing.T, _ *sessiontest.Server, p *pipes, _ *journal) {
		conn := p.dial()
		began := time.Now()
		resp := exchangeOn(t, conn, bufio.NewReader(conn), "POST /m2m/v1/session/login"+virtualHead+"Content-Length: 1000\r\n\r\n")
		if resp.StatusCode != 403 || !resp.Close || time.Since(began) != lingering {
			t.Errorf("%d, close: %v, after %s", resp.StatusCode, resp.Close, time.Since(began))
		}
		if rest, err := io.ReadAll(conn); len(rest) != 0 || err != nil {
			t.Errorf("%q %v", rest, err)
		}
	})
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	virtual(t, func(t *testing.T, platform *sessiontest.Server, p *pipes, _ *journal) {
		conn := p.dial()
		in := bufio.NewReader(conn)
		exchangeOn(t, conn, in, "GET /m2m/v1/accounts/"+platform.Account()+virtualHead+"\r\n")
		began := time.Now()
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) || time.Since(began) != IdleTimeout {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestWhoSendsAnUnfinishedRequestToTheAdminAddressIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(Options{Client: statusOnly{}, BaseURL: "https://thingspace.example/api", Paths: mustPaths(t)})
		if err != nil {
			t.Fatal(err)
		}
		l, admin := &pipes{make(chan net.Conn), make(chan struct{})}, &pipes{make(chan net.Conn), make(chan struct{})}
		ctx, end := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- p.Serve(ctx, Serving{Listener: l, Admin: admin, Grace: time.Minute}) }()
		conn := admin.dial()
		began := time.Now()
		if _, err := io.WriteString(conn, "GET /healthz"+virtualHead+"Content-Length: 1000\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil || time.Since(began) > adminReadTimeout+adminWriteTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		end()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// statusOnly is a client that nothing is sent with.
type statusOnly struct{ http.RoundTripper }

func (statusOnly) Status(context.Context) (session.Status, error) { return session.Status{}, nil }
