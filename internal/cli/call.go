package cli

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

var callMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// callTimeout is the default limit of one request with its answer.
const callTimeout = 2 * time.Minute

// callOptions are the flags of call.
type callOptions struct {
	data    *string // nil: no body
	headers []string
	include bool
	timeout time.Duration
}

func (a *app) callCommand() *cobra.Command {
	var o callOptions
	var data string
	cmd := &cobra.Command{
		Use: "call [METHOD] PATH", SuggestFor: []string{"get", "post", "request", "curl"}, Short: "Send any ThingSpace request, both tokens added", GroupID: groupUse,
		Args: callArguments,
		Long: `Send a request with both tokens and print the body of the answer. PATH begins with a slash and is
relative to the base URL; it may have a query. METHOD is GET unless it is given, or POST with -d.

The session comes from the store, or from a login. A request that the platform refuses because
the session or the bearer is stale is sent again once with a fresh one; only a body of more than
1 MiB from a pipe cannot be sent again, and then the refusal is what you get (the next call works).

The endpoints of the session itself and of the bearer are refused: "login", "logout", "token" and
"password reset" call them, and keep count.

With a body, Content-Type is application/json unless -H says otherwise. Redirects are not
followed, since they would take the tokens elsewhere. The exit status is 1 for an answer of 300
or more (304 excepted), whose body is printed all the same; if a request that is not safe to
repeat got no answer at all, the message says that it may have been carried out.`,
		Example: `  thingspace call /m2m/v1/accounts/0000123456-00001
  thingspace call -i GET '/m2m/v1/devices/actions/list?x=1'
  thingspace call /m2m/v1/devices/actions/list -d '{"accountName":"0000123456-00001"}'
  thingspace call PUT /m2m/v1/devices/actions/suspend -d @suspend.json
  generate | thingspace call /m2m/v1/devices/actions/add -d -`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return callMethods, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	a.connected(cmd, func(ctx context.Context, args []string) error {
		if cmd.Flags().Changed("data") {
			o.data = &data
		}
		return a.call(ctx, args, o)
	})
	cmd.Flags().StringVarP(&data, "data", "d", "", "body: `DATA` itself, @FILE, or - for standard input")
	cmd.Flags().StringArrayVarP(&o.headers, "header", "H", nil, "a request header, `'Name: value'`; may be repeated")
	cmd.Flags().BoolVarP(&o.include, "include", "i", false, "print the status line and the headers of the answer before its body")
	cmd.Flags().DurationVar(&o.timeout, "timeout", callTimeout, "limit for the request with its answer, a `DURATION`; 0 means none")
	return cmd
}

// callArguments checks their number, without quoting any: people put secrets everywhere.
func callArguments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("PATH is missing")
	case len(args) == 1 && slices.Contains(callMethods, strings.ToUpper(args[0])):
		return errors.New("PATH is missing after the method")
	case len(args) > 2:
		return errors.New("it takes METHOD and PATH, and nothing after them")
	}
	return nil
}

// call sends one request. Everything about the command line is checked before anything is sent.
func (a *app) call(ctx context.Context, args []string, o callOptions) error {
	method, path, err := methodAndPath(args, o.data != nil)
	if err != nil {
		return err
	}
	if o.timeout < 0 {
		return usage("nothing was sent", "--timeout is negative")
	}
	target, err := callPath(path)
	if err != nil {
		return err
	}
	headers, err := callHeaders(o.headers)
	if err != nil {
		return err
	}
	body, err := interruptible(ctx, func() (*callBody, error) { return a.callBody(o.data) })
	if err != nil {
		return err
	}
	defer body.close()
	return a.with(ctx, func(s *opened) error {
		// The session first, so that a person can be asked for a password before the body is read.
		var tokens http.Header
		if err := a.withPassword(ctx, s, func() (err error) { tokens, err = s.Headers(ctx); return err }); err != nil {
			return err
		}
		if err := a.interrupts.pending(); err != nil {
			return err
		}
		resp, end, err := a.send(ctx, s, o.timeout, body, func(ctx context.Context) (*http.Request, error) {
			return newCall(ctx, method, s.baseURL+target, headers, body)
		})
		defer end()
		if err != nil {
			return unanswered(method, err)
		}
		defer func() { _ = resp.Body.Close() }()
		err = a.printAnswer(resp, o.include, tokens)
		if body.once != nil && resp.StatusCode >= http.StatusBadRequest {
			// If that was about a stale token, which only this process knows: replace it for the next one.
			_, _ = s.Headers(ctx)
		}
		return err
	})
}

// send sends a request, and once more if a person has to be asked for a password in between. The
// answer may be read until end is called.
func (a *app) send(ctx context.Context, s *opened, timeout time.Duration, body *callBody, request func(context.Context) (*http.Request, error)) (resp *http.Response, end func(), err error) {
	end = func() {}
	once := func() error {
		end()
		limited, cancel := limit(ctx, timeout)
		end = cancel
		req, err := request(limited)
		if err != nil {
			return err
		}
		resp, err = s.HTTPClient().Do(req) //nolint:bodyclose // the caller closes it
		if cause := context.Cause(limited); err != nil && cause != nil && !isSessionError(err) {
			return cause
		}
		return withoutURL(err)
	}
	if body.once == nil {
		err = a.withPassword(ctx, s, once)
	} else {
		err = once()
	}
	return resp, end, err
}

// limit is the time limit of the caller's choice.
func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, errSlow)
}

// methodAndPath takes the arguments apart.
func methodAndPath(args []string, hasBody bool) (method, path string, err error) {
	method = http.MethodGet
	if hasBody {
		method = http.MethodPost
	}
	path = args[0]
	if len(args) == 2 {
		method, path = strings.ToUpper(args[0]), args[1]
	}
	switch {
	case slices.Contains(callMethods, method):
	case strings.HasPrefix(args[0], "/"):
		return "", "", usage("nothing was sent", "METHOD comes before PATH")
	default:
		return "", "", usage("it may be "+strings.Join(callMethods, ", "), "METHOD %q is not one that is sent", args[0])
	}
	return method, path, nil
}

// newCall makes the request; the session signs it.
func newCall(ctx context.Context, method, url string, headers http.Header, body *callBody) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header = headers.Clone()
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", userAgent())
	}
	return req, body.attach(req)
}

// callHeaders reads -H.
func callHeaders(lines []string) (http.Header, error) {
	headers := http.Header{}
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		written := strings.TrimSpace(name)
		name, value = http.CanonicalHeaderKey(written), strings.TrimSpace(value)
		switch {
		case !found || !isToken(name):
			return nil, usage("write it as 'Name: value'", "-H %q is no header", written)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, usage("nothing was sent", "-H %s holds a control character", written)
		case slices.Contains(ownHeaders, name):
			return nil, usage("leave it out", "the header %s is not the caller's to set", written)
		}
		headers.Add(name, value)
	}
	return headers, nil
}

// ownHeaders are the session's, and those that net/http makes of the request.
var ownHeaders = []string{
	"Authorization", http.CanonicalHeaderKey(tokenHeader), "Host", "Content-Length", "Transfer-Encoding",
	"Connection", "Proxy-Authorization", "Te", "Trailer", "Upgrade", "Expect",
}

// isToken is RFC 9110's token.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
