package session

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"iot.internal/thingspace/gen"
	"iot.internal/thingspace/internal/fault"
	"iot.internal/thingspace/internal/origin"
)

// wire sends what the platform's own endpoints are asked: OAuth2, login, logout, reset. Every call
// goes out at most once, on a connection of its own, without credentials of the caller's requests.
type wire struct {
	base      string
	transport http.RoundTripper
	own       *http.Transport // transport, when it is net/http's
	client    *gen.Client
	userAgent string
	app       Application
}

func newWire(cfg Config, o origin.Origin) (*wire, error) {
	w := &wire{base: o.Base(), transport: cfg.Transport, userAgent: cfg.UserAgent, app: cfg.Application}
	if t, ok := cfg.Transport.(*http.Transport); ok {
		w.own = onceTransport(t)
		w.transport = w.own
	}
	var err error
	w.client, err = gen.NewClient(w.base, gen.WithHTTPClient(w))
	return w, err
}

func (w *wire) close() {
	if w.own != nil {
		w.own.CloseIdleConnections()
	}
}

// Do is how the generated client sends. It makes the request one that nothing below can send again:
// net/http repeats a request whose body can be had again when a connection turns out to be dead.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	req.GetBody = nil
	req.Close = true
	req.Header.Set("User-Agent", w.userAgent)
	req.Header.Set("Accept", "application/json")
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = io.NopCloser(io.MultiReader(req.Body)) // hides that it could be rewound
	}
	var resp *http.Response
	err := shielded(func() (err error) {
		resp, err = w.transport.RoundTrip(req) //nolint:bodyclose // readAnswer closes it
		return err
	})
	return whole(resp, err)
}

var errNoResponse = errors.New("the transport returned neither a response nor an error")

// whole makes up for what a transport of somebody else's may leave out, as [http.Client] does.
func whole(resp *http.Response, err error) (*http.Response, error) {
	switch {
	case err != nil:
		return nil, err
	case resp == nil:
		return nil, errNoResponse
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	return resp, nil
}

// answer is what came back of a call.
type answer struct {
	status     int    // 0: none
	value      string // what the call was for, if the platform gave it
	fault      fault.Fault
	retryAfter time.Duration
	unsent     bool  // positive evidence that the request did not leave
	err        error // why there is no answer, or why it cannot be read; without secrets
}

// limit bounds how much of an answer is read.
const answerLimit = 1 << 20

// exchange sends one request and reads its answer. Secrets are those that must not be repeated in an
// error.
func (w *wire) exchange(ctx context.Context, deadline time.Time, secrets []string, send func(context.Context) (*http.Response, error)) (answer, []byte) {
	if late(deadline) {
		return answer{unsent: true, err: errTooLate}, nil
	}
	ctx, cancel := context.WithDeadline(withSendBy(ctx, deadline), deadline)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(untraced{ctx}, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := send(ctx) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		unsent := !connected.Load() && (w.own != nil || neverLeft(err))
		return answer{unsent: unsent, err: scrub(err, secrets)}, nil
	}
	body, err := readAnswer(resp)
	a := answer{status: resp.StatusCode, retryAfter: retryAfter(resp.Header, time.Now())}
	if err != nil {
		a.err = scrub(err, secrets)
		return a, body
	}
	if resp.StatusCode != http.StatusOK {
		a.fault = fault.Parse(body)
		// Before it is cut: a message that ends in the middle of a secret would keep half of it. Only the
		// message, since a password may be a word of the body's own.
		a.fault.Message = fault.Parse([]byte(redactAll(string(body), secrets))).Message
		a.fault = scrubFault(a.fault, secrets)
	}
	return a, body
}

// untraced hides the hooks of whoever caused a call: they would see its headers.
type untraced struct{ context.Context }

func (u untraced) Value(key any) any {
	v := u.Context.Value(key)
	if _, ok := v.(*httptrace.ClientTrace); ok {
		return nil
	}
	return v
}

// login starts a session; value is its token.
func (w *wire) login(ctx context.Context, deadline time.Time, b *bearerPart, c Credentials) answer {
	password := c.Password.Reveal()
	a, body := w.exchange(ctx, deadline, []string{password, b.value.Reveal()}, func(ctx context.Context) (*http.Response, error) {
		return w.client.StartConnectivityManagementSession(ctx, gen.LogInRequest{
			Username: c.Username, Password: gen.Secret(password),
		}, authorize(b, ""))
	})
	return read(a, body, func(r gen.LogInResult) string { return string(r.SessionToken) }, headerSafe)
}

// logout ends a session; value is the token that the platform says it ended.
func (w *wire) logout(ctx context.Context, b *bearerPart, token string) answer {
	a, body := w.exchange(ctx, callDeadline(ctx), []string{token, b.value.Reveal()}, func(ctx context.Context) (*http.Response, error) {
		return w.client.EndConnectivityManagementSession(ctx, authorize(b, token))
	})
	return read(a, body, func(r gen.LogOutRequest) string { return string(r.SessionToken) }, headerSafe)
}

// reset asks for a new password; value is the password.
func (w *wire) reset(ctx context.Context, deadline time.Time, b *bearerPart, token string, c Credentials) answer {
	old := c.Password.Reveal()
	a, body := w.exchange(ctx, deadline, []string{old, token, b.value.Reveal()}, func(ctx context.Context) (*http.Response, error) {
		return w.client.ResetConnectivityManagementPassword(ctx, gen.SessionResetPasswordRequest{
			OldPassword: gen.Secret(old),
		}, authorize(b, token))
	})
	return read(a, body, func(r gen.SessionResetPasswordResult) string { return string(r.NewPassword) }, passwordSafe)
}

func authorize(b *bearerPart, token string) gen.RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		req.Header[headerAuthorization] = []string{"Bearer " + b.value.Reveal()}
		if token != "" {
			req.Header[headerToken] = []string{token}
		}
		return nil
	}
}

// callDeadline is the context's; every call is made with one.
func callDeadline(ctx context.Context) time.Time {
	if d, ok := ctx.Deadline(); ok {
		return d
	}
	return time.Now().Add(DefaultCallTimeout)
}
