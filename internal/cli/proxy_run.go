package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"

	"iot.internal/thingspace/internal/proxy"
	"iot.internal/thingspace/session"
)

// proxy runs the proxy. Everything about the command line is checked before it listens.
func (a *app) proxy(ctx context.Context, o proxyOptions) error {
	paths, err := o.check()
	if err != nil {
		return err
	}
	logger := a.proxyLogger(o.logFormat)
	tokens, err := openClientTokens(o.tokenFile, logger)
	if err != nil {
		return err
	}
	metrics := proxy.NewMetrics()
	a.configure = func(cfg *session.Config) {
		cfg.Trace = metrics.Trace(cfg.Trace)
		cfg.Logger = logger
		cfg.Transport = proxy.NewTransport(o.maxRequests, o.timeout)
	}
	// A signal must not end what is under way, logins for it included: it is told when that is over.
	a.interrupts.patient()
	a.interrupts = &interrupts{notices: a.err, cancel: func(error) {}}
	begun, now, stop := threeInterrupts(ctx, a.interrupts.idle, a.leave)
	defer stop()
	return a.with(begun, func(s *opened) error {
		if err := a.askBefore(begun, s); err != nil {
			return err
		}
		if s.store.name == "memory" {
			logger.Warn("the memory store forgets failed logins at every restart: use another in production")
		}
		listener, err := listenFor("--listen", o.listen, func() (net.Listener, error) {
			return proxy.Listen(begun, o.listen, tokens != nil)
		})
		if err != nil {
			return err
		}
		defer func() { _ = listener.Close() }()
		if leadsBack(s.baseURL, listener.Addr()) {
			return usage("set it to a ThingSpace API", "the base URL leads back to the proxy itself")
		}
		var admin net.Listener
		if o.admin != "" {
			admin, err = listenFor("--admin", o.admin, func() (net.Listener, error) { return proxy.Listen(begun, o.admin, true) })
			if err != nil {
				return err
			}
			defer func() { _ = admin.Close() }()
		}
		hosts, err := proxy.HostsOf(listener.Addr(), o.hosts)
		if err != nil {
			return usage("nothing was sent", "--host %s", err.Error())
		}
		options := proxy.Options{
			Client: s.Client, BaseURL: s.baseURL, Paths: paths, Hosts: hosts, MaxRequests: o.maxRequests, IdleLimit: o.idle,
			Logger: logger, AccessLog: o.accessLog, Metrics: metrics,
		}
		if tokens != nil {
			options.ClientTokens = tokens.current
		}
		p, err := proxy.New(options)
		if err != nil {
			return err
		}
		a.introduceProxy(listener, admin)
		err = p.Serve(begun, proxy.Serving{Listener: listener, Admin: admin, Grace: o.grace, Now: now})
		a.interrupts.interrupt() // from now on nothing begins, and a login is all that is waited for
		return err
	})
}

// askBefore asks for a password that nothing gives, while somebody is there: a proxy has to log in
// again and again.
func (a *app) askBefore(ctx context.Context, s *opened) error {
	given := s.credentials.given
	if given == nil || given.read != nil {
		return nil
	}
	password, err := a.askPassword(ctx, given.username)
	if errors.Is(err, errNoPassword) {
		return usage("set one of "+setPassword.env+", "+setPasswordFile.env+" and "+setCredentials.env, "there is no password, and a proxy needs one")
	}
	if err == nil {
		given.take(password)
	}
	return err
}

func listenFor(flag, address string, listen func() (net.Listener, error)) (net.Listener, error) {
	l, err := listen()
	switch {
	case errors.Is(err, proxy.ErrExposed):
		return nil, usage("give --client-token-file, or listen on 127.0.0.1", "%s %s", flag, err.Error())
	case errors.Is(err, proxy.ErrAddress):
		return nil, usage("nothing was sent", "%s %s", flag, err.Error())
	case err != nil:
		return nil, cannotListen(flag, flag+" "+address+": "+what(err), err)
	}
	return l, nil
}

// introduceProxy prints what is needed to use the proxy.
func (a *app) introduceProxy(listener, admin net.Listener) {
	variable := func(name string, l net.Listener) {
		_, _ = fmt.Fprintf(a.out, "export %s=%s\n", name, shellQuote(listensAt(l)))
	}
	variable("THINGSPACE_PROXY_URL", listener)
	if admin != nil {
		variable("THINGSPACE_PROXY_ADMIN_URL", admin)
	}
	_, _ = fmt.Fprintf(a.err, "thingspace: the proxy listens on %s; interrupt ends it\n", listensAt(listener))
}

func listensAt(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	return "http://" + reachable(l.Addr())
}

// leadsBack reports a base URL that is the proxy's own.
func leadsBack(baseURL string, listen net.Addr) bool {
	u, err := url.Parse(baseURL)
	tcp, ok := listen.(*net.TCPAddr)
	if err != nil || !ok || u.Port() != strconv.Itoa(tcp.Port) {
		return false
	}
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && (addr.Unmap().String() == tcp.AddrPort().Addr().Unmap().String() || addr.IsLoopback() && tcp.IP.IsUnspecified())
}

// threeInterrupts ends begun with the first signal, or with ctx, and closes now with the second. Whoever
// sends yet another wants the process to end whatever it waits for: leave is called, if it is idle.
func threeInterrupts(ctx context.Context, idle func() bool, leave func()) (begun context.Context, now <-chan struct{}, stop func()) {
	begun, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	at := make(chan struct{})
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, interruptSignals()...)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		defer cancel(errInterrupted)
		for n := 1; ; n++ {
			select {
			case <-signals:
			case <-done:
				return
			}
			switch {
			case n == 1:
				cancel(errInterrupted)
			case n == 2:
				close(at)
			case idle():
				leave()
			}
		}
	})
	return begun, at, func() {
		signal.Stop(signals)
		close(done)
		watching.Wait()
	}
}
