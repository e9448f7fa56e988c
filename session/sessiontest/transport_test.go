package sessiontest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// watched is a request body that remembers what was done to it.
type watched struct {
	io.Reader
	closes int
}

func (w *watched) Close() error {
	w.closes++
	return nil
}

// allKinds are the kinds of faults, each with what it needs.
var allKinds = map[sessiontest.Kind]sessiontest.Fault{
	sessiontest.NoSuchHost:        {},
	sessiontest.ConnectionRefused: {},
	sessiontest.BadCertificate:    {},
	sessiontest.BreakWriting:      {},
	sessiontest.Slow:              {Delay: time.Second},
	sessiontest.Late:              {Delay: time.Second},
	sessiontest.Drop:              {},
	sessiontest.StallHeaders:      {},
	sessiontest.StallBody:         {},
	sessiontest.Truncate:          {},
	sessiontest.WrongLength:       {},
	sessiontest.Informational:     {},
	sessiontest.Status:            {},
	sessiontest.Redirect:          {Location: "https://elsewhere.invalid/"},
	sessiontest.SessionToken:      {},
	sessiontest.Echo:              {},
	sessiontest.Empty:             {},
	sessiontest.Huge:              {Size: 1 << 20},
	sessiontest.GzipBomb:          {Size: 1 << 20},
	sessiontest.Gzip:              {},
	sessiontest.WrongTypes:        {},
	sessiontest.DuplicateKeys:     {},
	sessiontest.InvalidUTF8:       {},
	sessiontest.TrailingGarbage:   {},
}

func TestEveryFaultClosesTheBodyAndLeavesNoGoroutine(t *testing.T) {
	for kind, fault := range allKinds {
		fault.Kind = kind
		for _, acted := range []bool{false, true} {
			fault.Acted = acted && !unsent(kind)
			t.Run(string(kind), func(t *testing.T) {
				// The bubble fails the test if a goroutine is left.
				synctest.Test(t, func(t *testing.T) {
					c := start(t)
					c.platform.Inject(fault)
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					body := &watched{Reader: strings.NewReader(`{"oldPassword":"IMgr8"}`)}
					req, _ := http.NewRequestWithContext(ctx, http.MethodPut, c.platform.BaseURL()+"/m2m/v1/session/password/actions/reset", body)
					req.Header.Set("Authorization", "Bearer "+c.bearer)
					req.Header.Set("VZ-M2M-Token", c.token)
					req.Header.Set("Content-Type", "application/json")
					before := req.Header.Clone()
					resp, err := c.platform.Transport().RoundTrip(req)
					if (resp == nil) == (err == nil) {
						t.Fatalf("response %v and error %v", resp, err)
					}
					if resp != nil {
						if resp.Request != req {
							t.Error("the response is of another request")
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						_ = resp.Body.Close()
					}
					synctest.Wait()
					if body.closes != 1 {
						t.Errorf("the body was closed %d times", body.closes)
					}
					if len(req.Header) != len(before) {
						t.Errorf("the request's header was changed to %d lines", len(req.Header))
					}
				})
			})
		}
	}
}

func unsent(k sessiontest.Kind) bool {
	switch k {
	case sessiontest.NoSuchHost, sessiontest.ConnectionRefused, sessiontest.BadCertificate, sessiontest.BreakWriting:
		return true
	}
	return false
}

func TestWhatCannotBeSentIsRefusedAndClosed(t *testing.T) {
	p := sessiontest.New(t)
	for name, spoil := range map[string]func(*http.Request){
		"no URL":          func(r *http.Request) { r.URL = nil },
		"no header":       func(r *http.Request) { r.Header = nil },
		"scheme":          func(r *http.Request) { r.URL.Scheme = "ftp" },
		"no host":         func(r *http.Request) { r.URL.Host = "" },
		"method":          func(r *http.Request) { r.Method = "PO ST" },
		"header name":     func(r *http.Request) { r.Header["a b"] = []string{"x"} },
		"header value":    func(r *http.Request) { r.Header.Set("X", "a\r\nB: c") },
		"foreign host":    func(r *http.Request) { r.URL.Host = "elsewhere.invalid" },
		"cancelled early": func(r *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "cancelled early" {
				cancel()
			}
			body := &watched{Reader: strings.NewReader("secret")}
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.BaseURL()+"/m2m/v1/session/login", body)
			spoil(req)
			resp, err := p.Transport().RoundTrip(req)
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("it was sent")
			}
			if body.closes != 1 {
				t.Errorf("the body was closed %d times", body.closes)
			}
			if strings.Contains(err.Error(), "B: c") {
				t.Error("the error repeats a header's value")
			}
		})
	}
	if n := p.Counters().Requests; n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestACancelledContextFreesTheCallerAtOnce(t *testing.T) {
	for _, fault := range []sessiontest.Fault{
		{Kind: sessiontest.Slow, Delay: time.Hour},
		{Kind: sessiontest.Slow, Delay: time.Hour, Acted: true},
		{Kind: sessiontest.Late, Delay: 30 * time.Minute},
		{Kind: sessiontest.StallHeaders},
		{Kind: sessiontest.StallHeaders, Acted: true},
		{Kind: sessiontest.StallBody},
	} {
		t.Run(string(fault.Kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := sessiontest.New(t)
				c := &caller{t: t, platform: p}
				c.oauth()
				p.Inject(fault)
				began := time.Now()
				cause := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				req, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.BaseURL()+"/m2m/v1/session/login",
					strings.NewReader(`{"username":"zbeeblebrox","password":"wrong"}`))
				req.Header.Set("Authorization", "Bearer "+c.bearer)
				req.Header.Set("Content-Type", "application/json")
				resp, err := p.Transport().RoundTrip(req)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}
				if !errors.Is(err, cause) {
					t.Errorf("error %v, want the cause of the cancellation", err)
				}
				if waited := time.Since(began); waited != time.Second {
					t.Errorf("freed after %s", waited)
				}
				synctest.Wait()
				want := 0
				if fault.Acted || fault.Kind == sessiontest.StallBody {
					want = 1
				}
				if n := p.Counters().Strikes; n != want {
					t.Errorf("%d strikes after the caller left, want %d", n, want)
				}
				time.Sleep(2 * time.Hour)
				if fault.Kind == sessiontest.Late {
					want = 1
				}
				if n := p.Counters().Strikes; n != want {
					t.Errorf("%d strikes in the end, want %d", n, want)
				}
			})
		})
	}
}

func TestHooksTellHowFarARequestCame(t *testing.T) {
	for kind, want := range map[sessiontest.Kind]string{
		"":                            "GetConn GotConn WroteHeaders WroteRequest GotFirstResponseByte",
		sessiontest.NoSuchHost:        "GetConn",
		sessiontest.ConnectionRefused: "GetConn",
		sessiontest.BadCertificate:    "GetConn",
		sessiontest.BreakWriting:      "GetConn GotConn WroteRequest!",
		sessiontest.Drop:              "GetConn GotConn WroteHeaders WroteRequest",
		sessiontest.Truncate:          "GetConn GotConn WroteHeaders WroteRequest GotFirstResponseByte",
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := start(t)
				if kind != "" {
					c.platform.Inject(sessiontest.Fault{Kind: kind})
				}
				var hooks []string
				note := func(hook string) { hooks = append(hooks, hook) }
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					GetConn:      func(string) { note("GetConn") },
					GotConn:      func(httptrace.GotConnInfo) { note("GotConn") },
					WroteHeaders: func() { note("WroteHeaders") },
					WroteRequest: func(i httptrace.WroteRequestInfo) {
						if i.Err != nil {
							note("WroteRequest!")
							return
						}
						note("WroteRequest")
					},
					GotFirstResponseByte: func() { note("GotFirstResponseByte") },
				})
				req, _ := http.NewRequestWithContext(ctx, http.MethodPost, c.platform.BaseURL()+"/m2m/v1/devices", strings.NewReader("a body"))
				if resp, err := c.platform.Transport().RoundTrip(req); err == nil {
					_ = resp.Body.Close()
				}
				synctest.Wait()
				if got := strings.Join(hooks, " "); got != want {
					t.Errorf("hooks %s\nwant  %s", got, want)
				}
			})
		})
	}
}

func TestUnsentFaultsAreTheErrorsOfNetHTTP(t *testing.T) {
	p := sessiontest.New(t)
	send := func(kind sessiontest.Kind) error {
		p.ClearFaults()
		p.Inject(sessiontest.Fault{Kind: kind})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.BaseURL()+"/m2m/v1/devices", nil)
		resp, err := p.Transport().RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	var dns *net.DNSError
	if err := send(sessiontest.NoSuchHost); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("%T", err)
	}
	var op *net.OpError
	if err := send(sessiontest.ConnectionRefused); !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%T", err)
	}
	var certificate *tls.CertificateVerificationError
	if err := send(sessiontest.BadCertificate); !errors.As(err, &certificate) {
		t.Errorf("%T", err)
	}
	if err := send(sessiontest.BreakWriting); !errors.As(err, &op) || op.Op != "write" {
		t.Errorf("%T", err)
	}
	if err := send(sessiontest.Drop); !errors.As(err, &op) || op.Op != "read" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%T", err)
	}
	if n := p.Counters(); n.Requests != 1 || n.FaultsInjected != 5 {
		t.Errorf("%d requests and %d faults; only the dropped one arrived", n.Requests, n.FaultsInjected)
	}
}

func TestAnAnswerIsStreamedNotCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t)
		c.platform.Inject(sessiontest.Fault{Kind: sessiontest.Huge, Size: 1 << 34})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.platform.BaseURL()+"/m2m/v1/devices", nil)
		resp, err := c.platform.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
			t.Error("a closed body can be read")
		}
	})
}

func TestGzipIsUnpackedOnlyForThoseWhoDidNotAsk(t *testing.T) {
	c := start(t)
	c.platform.Inject(sessiontest.Fault{Kind: sessiontest.Gzip})
	c.want(c.resource(), 200, "") // send parses the body
	r := c.send(http.MethodGet, "/m2m/v1/devices", "", map[string]string{
		"Authorization": "Bearer " + c.bearer, "VZ-M2M-Token": c.token, "Accept-Encoding": "gzip",
	})
	if r.header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(r.raw, "\x1f\x8b") {
		t.Error("unpacked although the caller wanted gzip")
	}
}

func TestABrokenUploadIsNotActedUpon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, upload := range map[string]struct {
			body   io.Reader
			length int64
		}{
			"failing": {io.MultiReader(strings.NewReader(`{"user`), failing{}), -1},
			"short":   {strings.NewReader(`{"username":"zbeeblebrox","password":"wrong"}`), 1000},
			"long":    {strings.NewReader(`{"username":"zbeeblebrox","password":"wrong"}`), 10},
		} {
			c := start(t)
			body := &watched{Reader: upload.body}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.platform.BaseURL()+"/m2m/v1/session/login", body)
			req.ContentLength = upload.length
			req.Header.Set("Authorization", "Bearer "+c.bearer)
			req.Header.Set("Content-Type", "application/json")
			resp, err := c.platform.Transport().RoundTrip(req)
			if err == nil {
				_ = resp.Body.Close()
				t.Errorf("%s: status %d", name, resp.StatusCode)
			}
			synctest.Wait()
			if n := c.platform.Counters(); n.Strikes != 0 || body.closes != 1 {
				t.Errorf("%s: %d strikes, closed %d times", name, n.Strikes, body.closes)
			}
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestAnUploadMayBeAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t)
		r, w := io.Pipe()
		go func() {
			for range 100 {
				_, _ = w.Write(make([]byte, 1000))
			}
			_ = w.Close()
		}()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.platform.BaseURL()+"/m2m/v1/devices", r)
		req.Header.Set("Authorization", "Bearer "+c.bearer)
		req.Header.Set("VZ-M2M-Token", c.token)
		resp, err := c.platform.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(body), `"bodyLength":100000`) {
			t.Errorf("%s", body)
		}
	})
}

func TestInformationalAnswersAreLimitedUnlessSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t)
		c.want(c.resource(), 200, "")
		send := func(ctx context.Context) error {
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, c.platform.BaseURL()+"/m2m/v1/devices", nil)
			resp, err := c.platform.Transport().RoundTrip(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		c.platform.Inject(sessiontest.Fault{Kind: sessiontest.Informational, Size: 1 << 18})
		if err := send(t.Context()); err == nil {
			t.Error("no end to informational answers")
		}
		seen := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(int, textproto.MIMEHeader) error { seen++; return nil },
		})
		if err := send(ctx); err != nil || seen != 1<<18 {
			t.Errorf("saw %d, error %v", seen, err)
		}
	})
}
