package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of the server.
const (
	MaxHeaderBytes    = 64 << 10 // of a request line with its headers; net/http adds 4 KiB of slack
	ReadHeaderTimeout = 10 * time.Second
	IdleTimeout       = 2 * time.Minute // of a connection between two requests

	adminReadTimeout  = 10 * time.Second // of a request to the admin address
	adminWriteTimeout = 30 * time.Second // of its answer
)

// Serving says where and how long a proxy runs.
type Serving struct {
	Listener net.Listener
	Admin    net.Listener    // nil: nowhere
	Grace    time.Duration   // what is under way has to finish, once the context has ended
	Now      <-chan struct{} // closed: no grace any more; nil: never
}

// Serve runs the proxy until ctx ends. Then it is not ready any more, accepts nothing new, and lets what
// is under way finish; what has not when the grace is over is cut off. It closes the listeners.
func (p *Proxy) Serve(ctx context.Context, s Serving) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := p.server(p)
	server.BaseContext = func(net.Listener) context.Context { return work }
	servers := []*http.Server{server}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(s.Listener) }()
	if s.Admin != nil {
		admin := p.server(p.Admin())
		admin.ReadTimeout, admin.WriteTimeout = adminReadTimeout, adminWriteTimeout // nothing there is long, and no pace is kept
		servers = append(servers, admin)
		go func() { ended <- admin.Serve(s.Admin) }()
	}
	defer func() {
		for _, server := range servers {
			_ = server.Close()
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	p.ready.draining.Store(true)
	p.log.Info("ending: nothing new is accepted", slog.Int("under_way", len(p.slots)), slog.Duration("grace", s.Grace))
	if err := p.drain(ctx, server, s); err != nil {
		p.log.Warn("requests are cut off", slog.Int("under_way", len(p.slots)), slog.String("error", err.Error()))
		cut()
		_ = server.Close()
		p.settle()
	}
	return nil
}

// server is one that a slow or hostile client cannot hold for long.
func (p *Proxy) server(h http.Handler) *http.Server {
	s := &http.Server{
		Handler: h, MaxHeaderBytes: MaxHeaderBytes, ReadHeaderTimeout: ReadHeaderTimeout, IdleTimeout: IdleTimeout,
		DisableGeneralOptionsHandler: true, // OPTIONS * is refused like any target that is no path
		ErrorLog:                     slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
		Protocols:                    new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	return s
}

var (
	errGraceOver = errors.New("the grace is over")
	errAtOnce    = errors.New("asked to end at once")
)

// drain waits for what is under way.
func (p *Proxy) drain(ctx context.Context, server *http.Server, s Serving) error {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, s.Grace, errGraceOver)
	defer stop()
	if s.Now != nil {
		go func() {
			select {
			case <-s.Now:
				cancel(errAtOnce)
			case <-ctx.Done():
			}
		}()
	}
	if err := server.Shutdown(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// settleLimit is how long handlers may take to notice that their connections are closed.
const settleLimit = 5 * time.Second

// settle waits until no handler uses the session client any more.
func (p *Proxy) settle() {
	done := make(chan struct{})
	go func() {
		p.active.Wait()
		close(done)
	}()
	timer := time.NewTimer(settleLimit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
