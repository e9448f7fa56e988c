package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"iot.internal/thingspace/internal/origin"
	"iot.internal/thingspace/session"
)

// Client is what the proxy needs of a session client; [*session.Client] has it.
type Client interface {
	http.RoundTripper
	Status(ctx context.Context) (session.Status, error)
}

// Defaults of [Options].
const (
	DefaultMaxRequests = 256
	DefaultIdleLimit   = 30 * time.Second
)

// Options say what a proxy does.
type Options struct {
	Client       Client
	BaseURL      string          // what the client was made with
	Paths        Paths           // see [ParsePaths]
	Hosts        Hosts           // see [HostsOf]
	ClientTokens func() []string // those that clients may show; nil means that none is asked for
	MaxRequests  int             // passed on at a time; 0 means [DefaultMaxRequests]
	IdleLimit    time.Duration   // how long a client may send nothing of a body; four times as long may it take nothing, or the platform; 0 means [DefaultIdleLimit]
	Logger       *slog.Logger    // nil means silent
	AccessLog    bool            // log every request
	Metrics      *Metrics        // nil means none
}

// Proxy is a handler that passes requests on with both tokens. Make it with [New].
type Proxy struct {
	options Options
	paths   Paths
	base    *url.URL
	reverse *httputil.ReverseProxy
	slots   chan struct{}
	active  sync.WaitGroup
	ready   readiness
	log     *slog.Logger
}

// New makes a proxy. It sends nothing.
func New(o Options) (*Proxy, error) {
	own, err := origin.Parse(o.BaseURL)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(own.Base())
	if err != nil {
		return nil, err
	}
	if len(o.Paths.prefixes) == 0 {
		return nil, errors.New("no path is allowed")
	}
	if o.MaxRequests <= 0 {
		o.MaxRequests = DefaultMaxRequests
	}
	if o.IdleLimit <= 0 {
		o.IdleLimit = DefaultIdleLimit
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	p := &Proxy{options: o, paths: o.Paths, base: base, slots: make(chan struct{}, o.MaxRequests), log: o.Logger}
	p.ready.client, p.ready.held = o.Client, &o.Metrics.held
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      o.Client,
		FlushInterval:  -1,
		ModifyResponse: p.answered,
		ErrorHandler:   p.unanswered,
		BufferPool:     &buffers{},
		// What it would say is in the access log.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	o.Metrics.watch(p)
	return p, nil
}

// ServeHTTP implements [http.Handler]. It must run under an [http.Server].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := http.NewResponseController(w)
	x := &exchange{ResponseWriter: w, request: r, began: time.Now(), pace: &pace{conn: conn, limit: p.options.IdleLimit}}
	x.body = newBody(r, x.pace)
	p.active.Add(1)
	defer p.active.Done()
	p.options.Metrics.inFlight.Inc()
	defer p.finish(x)
	t, f := p.admit(r)
	if f != nil {
		x.fail(f)
		return
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		f := failed(busy, nil)
		f.retryAfter = time.Second
		x.fail(f)
		return
	}
	p.forward(x, t)
}

func (p *Proxy) finish(x *exchange) {
	switch {
	case x.body == nil:
	case x.body.whole():
		x.body.stop()
	default:
		// Nobody may read a body, or wait for one, when the handler returns: net/http would wait for
		// that reading for ever if it came to the body's end just then.
		x.pace.interrupt()
		x.body.stop()
		if !x.body.whole() {
			x.pace.linger()
		}
	}
	x.pace.end()
	took := time.Since(x.began)
	p.options.Metrics.done(x, took)
	if p.options.AccessLog {
		x.logTo(p.log, took)
	}
}

type targetKey struct{}

func (p *Proxy) forward(x *exchange, t target) {
	if x.body != nil {
		// An answer may come before the end of the request: neither waits for the other.
		x.duplex = x.pace.conn.EnableFullDuplex() == nil
	}
	ctx := context.WithValue(x.request.Context(), exchangeKey{}, x)
	ctx = context.WithValue(ctx, targetKey{}, t)
	if x.body != nil {
		stalled, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		x.body.watch(func() { cancel(errStalled) })
		ctx = stalled
	}
	defer func() {
		// The reverse proxy's way to say that an answer broke off.
		if caught := recover(); caught != nil {
			x.aborted = true
			panic(caught)
		}
	}()
	p.reverse.ServeHTTP(x, x.request.WithContext(ctx))
}

// upstream is where a target leads.
func (p *Proxy) upstream(t target) *url.URL {
	return &url.URL{
		Scheme: p.base.Scheme, Host: p.base.Host, Path: p.base.Path + t.path, RawPath: p.base.Path + t.escaped, RawQuery: t.query,
	}
}

// rewrite makes the request upstream: the same but for where it goes and what is stripped. The
// session client adds the tokens.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	ctx := r.In.Context()
	t, _ := ctx.Value(targetKey{}).(target)
	x := exchangeOf(ctx)
	r.Out.URL = p.upstream(t)
	r.Out.Host = ""
	r.Out.Trailer = nil // a trailer may be merged into the headers, past every check
	stripRequest(r.Out.Header)
	if x.body == nil {
		r.Out.Body = nil
		return
	}
	first, err := x.body.again()
	if err != nil {
		first = http.NoBody // cannot be: it is the first
	}
	r.Out.Body = first
	if x.body.repeatable() {
		r.Out.GetBody = x.body.again
	}
}

var (
	errAnswer  = errors.New("the platform switched to a protocol that nobody asked for")
	errStalled = errors.New("the platform takes no more of the body, and sends nothing")
)

// answered looks at an answer before it is passed on.
func (p *Proxy) answered(resp *http.Response) error {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return errAnswer
	}
	x := exchangeOf(resp.Request.Context())
	x.body.answer(false)
	stripResponse(resp.Header)
	stripResponse(resp.Trailer) // their names; the values come after the body
	p.relocate(resp.Header)
	if resp.StatusCode < http.StatusBadRequest {
		p.options.Metrics.held.used()
	}
	answer := &answerBody{ReadCloser: resp.Body, resp: resp, x: x}
	if x.body != nil {
		// Over HTTP/2 a body that waits for the platform to take it hears of no cancelled context.
		answer.release = context.AfterFunc(resp.Request.Context(), func() { _ = answer.ReadCloser.Close() })
	}
	resp.Body = answer
	return nil
}

// unanswered answers for a platform that has not.
func (p *Proxy) unanswered(_ http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if errors.Is(context.Cause(r.Context()), errStalled) {
		x.fail(&failure{kind: slowAnswer, cause: errStalled})
		return
	}
	if cause := x.body.failed(); cause != nil {
		f := bodyFailure(cause)
		if f == nil {
			x.abort()
		}
		x.fail(f)
		return
	}
	if x.request.Context().Err() != nil {
		x.abort()
	}
	x.fail(failureOf(err))
}

func isNetwork(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// buffers are those that answers are copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if held, ok := b.pool.Get().(*[]byte); ok {
		return *held
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
