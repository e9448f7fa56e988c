package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/internal/reference"
	"iot.internal/thingspace/internal/simulator"
)

const (
	// simulateListen is where the simulator listens unless it is told otherwise.
	simulateListen = "127.0.0.1:8080"
	// simulateGrace is how long requests may take when the simulator ends: faults can stall for ever.
	simulateGrace = 2 * time.Second
	// simulatedStores begins the name of a store that goes with its simulator; one that an earlier
	// simulator left in the environment is no choice.
	simulatedStores = "thingspace-simulated-"
)

func (a *app) simulateCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "simulate", Short: "Run a local ThingSpace: tokens, expiry, lockout, faults, reference page", GroupID: groupLearn, Args: noArguments,
		Long: `Run a simulated ThingSpace until it is interrupted: the OAuth2 token endpoint with its shared hourly
bearer, login, logout and password reset, sessions that die of twenty idle minutes, a user that five
failed logins lock, and any other /m2m/ path as a resource that wants both tokens. Every request to a
session endpoint is checked against the contract, and so is every answer. What is not known of the
real platform is a switch.

Standard output gets the variables that point this program, or yours, at it; once they are printed,
it listens. One of them is a store of its own, which goes with it, unless THINGSPACE_STORE is set: what is
remembered of one simulator's user is wrong of the next one's. Below /_control it is told what to do, from this machine only: let time pass, expire
tokens, lock the user, make a request go wrong, count. GET /_control lists it all.

With a browser, open its root: the API's reference, and the life of a session, where every call can be
tried on the simulator itself. Nothing on that page comes from, or goes to, another host.

With -v every request is logged, without its query and body.`,
		Example: `  thingspace simulate
  thingspace simulate --listen 127.0.0.1:0
  curl -d '{"by": "21m"}' http://127.0.0.1:8080/_control/clock/advance
  curl -d '{"on": ["login"], "kind": "status", "status": 503, "times": 1}' http://127.0.0.1:8080/_control/faults
  curl http://127.0.0.1:8080/_control/counters`,
		RunE: a.does(func(ctx context.Context, _ []string) error { return a.simulate(ctx, listen) }),
	}
	cmd.Flags().StringVar(&listen, "listen", simulateListen, "`ADDR` to listen on, HOST:PORT; port 0 means any that is free")
	return cmd
}

func (a *app) simulate(ctx context.Context, addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return usage("write it as HOST:PORT", "--listen %q is no address", addr)
	}
	logger := slog.New(slog.NewTextHandler(a.err, nil))
	page, err := reference.New(reference.Console{
		Base: simulator.Base, Control: "/_control", Account: simulator.DefaultAccount,
		Key: simulator.DefaultKey, Secret: simulator.DefaultSecret,
		Username: simulator.DefaultUsername, Password: simulator.DefaultPassword,
	})
	if err != nil {
		return err
	}
	s, err := simulator.New(simulator.Options{Logger: logger, Page: page})
	if err != nil {
		return err
	}
	handler := s.Handler()
	if a.verbose {
		handler = logged(logger, handler)
	}
	store, drop, err := a.simulatedStore()
	if err != nil {
		return err
	}
	defer drop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return cannotListen("--listen", what(err), err)
	}
	// net/http logs a panic of its own making for every connection that a fault breaks.
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	a.introduce(listener.Addr(), store)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_, _ = fmt.Fprintln(a.err, "the simulator ends")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), simulateGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

// simulatedStore is what to keep the sessions with the simulator in, "" if that was chosen already.
func (a *app) simulatedStore() (store string, drop func(), err error) {
	if chosen, _ := a.settings.environ(setStore.env); chosen != "" && !strings.Contains(chosen, simulatedStores) {
		return "", func() {}, nil
	}
	dir, err := os.MkdirTemp("", simulatedStores)
	if err != nil {
		return "", nil, &failure{status: exitFailed, what: what(err), todo: "make room, or set " + setStore.env, cause: err}
	}
	return "file:" + dir, func() { _ = os.RemoveAll(dir) }, nil
}

// introduce prints what is needed to use the simulator, the password last.
func (a *app) introduce(addr net.Addr, store string) {
	host := reachable(addr)
	if store != "" {
		_, _ = fmt.Fprintf(a.out, "export %s=%s\n", setStore.env, shellQuote(store))
	}
	for _, v := range [][2]string{
		{setBaseURL.env, "http://" + host + simulator.Base},
		{setAppKey.env, simulator.DefaultKey},
		{setAppSecret.env, simulator.DefaultSecret},
		{setUsername.env, simulator.DefaultUsername},
		{setPassword.env, simulator.DefaultPassword},
	} {
		_, _ = fmt.Fprintf(a.out, "export %s=%s\n", v[0], shellQuote(v[1]))
	}
	_, _ = fmt.Fprintf(a.err, "a simulated ThingSpace listens on http://%s/ (in a browser: the reference); account %s, control path http://%s/_control; interrupt ends it\n",
		host, simulator.DefaultAccount, host)
}

// reachable is an address that a client on this machine can use.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
}

// logged tells of every request when it is over, also when a fault broke its connection.
func logged(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &statusWriter{ResponseWriter: w}
		began := time.Now()
		defer func() {
			logger.Info("request", "method", r.Method, "path", r.URL.Path, "status", watched.status, "took", time.Since(began).Round(time.Microsecond))
		}()
		next.ServeHTTP(watched, r)
	})
}

// statusWriter remembers the status; 0 is an answer that was never begun.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(p)
}

// Unwrap lets faults reach the connection.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
