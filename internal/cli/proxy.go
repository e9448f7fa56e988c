package cli

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/internal/proxy"
)

const (
	// proxyListen is where the proxy listens unless it is told otherwise.
	proxyListen = "127.0.0.1:8090"
	// proxyGrace is shorter than the half minute that Kubernetes waits by default.
	proxyGrace = 25 * time.Second
)

// proxyOptions are the flags of proxy.
type proxyOptions struct {
	listen, admin string
	allow, hosts  []string
	tokenFile     string
	maxRequests   int
	timeout       time.Duration
	idle          time.Duration
	grace         time.Duration
	logFormat     string
	accessLog     bool
}

var logFormats = []string{"text", "json"}

func (a *app) proxyCommand() *cobra.Command {
	var o proxyOptions
	cmd := &cobra.Command{
		Use: "proxy", Short: "Run a local reverse proxy that adds both tokens", GroupID: groupUse, Args: noArguments,
		Long: `Run a reverse proxy until it is interrupted: http://ADDR/PATH becomes BASE_URL/PATH with both tokens, so
that services in any language need no token code at all. Nothing is sent until a request comes; the
session is taken from the store, or from a login.

Only paths below an allowed prefix are passed on, never the session and token endpoints. Bodies
stream both ways; a request that the platform refuses for a stale token is sent again once if its
body is at most 1 MiB. Browsers are refused. The proxy's own failures have the contract's error body
and the header Thingspace-Proxy-Error.

Who may use it: on a loopback address everybody on this machine, on a Unix socket this user alone.
With --client-token-file only those who send a token from that file in the header
Thingspace-Proxy-Token; any other address needs that.

Standard output gets the variables that lead to it; once they are printed, it listens. Every request
is logged to standard error, without its query. The first interrupt lets what is under way finish,
the second does not.`,
		Example: `  thingspace proxy
  curl http://127.0.0.1:8090/m2m/v1/accounts/0000123456-00001
  thingspace proxy --listen unix:$XDG_RUNTIME_DIR/thingspace.sock
  thingspace proxy --listen 0.0.0.0:8090 --host proxy.internal --client-token-file /run/secrets/clients --admin 0.0.0.0:9090`,
	}
	a.connected(cmd, func(ctx context.Context, _ []string) error { return a.proxy(ctx, o) })
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", proxyListen, "`ADDR` to listen on: HOST:PORT (port 0: any that is free), or unix:PATH")
	f.StringVar(&o.admin, "admin", "", "second `ADDR`, for /healthz, /readyz and /metrics; none unless it is given")
	f.StringArrayVar(&o.allow, "allow", []string{proxy.DefaultAllow}, "path `PREFIX` that is passed on; may be repeated, and replaces the default")
	f.StringArrayVar(&o.hosts, "host", nil, "further `NAME[:PORT]` that clients may call the proxy by; may be repeated")
	f.StringVar(&o.tokenFile, "client-token-file", "", "`FILE` with the tokens that clients may show, one a line; read again when it changes")
	f.IntVar(&o.maxRequests, "max-requests", proxy.DefaultMaxRequests, "requests under way at a time, a `NUMBER`; those beyond are answered with 503")
	f.DurationVar(&o.timeout, "timeout", callTimeout, "limit until the platform's answer begins, a `DURATION`; 0 means none")
	f.DurationVar(&o.idle, "idle-timeout", proxy.DefaultIdleLimit, "how long a client may send nothing of a body, a `DURATION`; four times as long may it take nothing of an answer, and the platform do nothing")
	f.DurationVar(&o.grace, "grace", proxyGrace, "how long what is under way may take when the proxy ends, a `DURATION`")
	f.StringVar(&o.logFormat, "log-format", logFormats[0], "`FORMAT` of the log: text or json")
	f.BoolVar(&o.accessLog, "access-log", true, "log every request")
	// The only error is that of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(logFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check looks at what the flags say by themselves.
func (o *proxyOptions) check() (proxy.Paths, error) {
	switch {
	case o.maxRequests < 1:
		return proxy.Paths{}, usage("give a number above 0", "--max-requests is %d", o.maxRequests)
	case o.timeout < 0 || o.grace < 0:
		return proxy.Paths{}, usage("give a duration of 0 or more", "--timeout or --grace is negative")
	case o.idle < time.Second:
		return proxy.Paths{}, usage("give a second or more", "--idle-timeout is too short")
	case !slices.Contains(logFormats, o.logFormat):
		return proxy.Paths{}, usage("it may be "+strings.Join(logFormats, " or "), "--log-format %q is not known", o.logFormat)
	}
	paths, err := proxy.ParsePaths(o.allow)
	if err != nil {
		return paths, usage("write it like "+proxy.DefaultAllow, "--allow %s", err.Error())
	}
	return paths, nil
}

// proxyLogger is for the access log and for the session's decisions.
func (a *app) proxyLogger(format string) *slog.Logger {
	options := &slog.HandlerOptions{}
	if a.verbose {
		options.Level = slog.LevelDebug
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(a.err, options))
	}
	return slog.New(slog.NewTextHandler(a.err, options))
}
