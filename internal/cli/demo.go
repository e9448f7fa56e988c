package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/internal/platform"
	"iot.internal/thingspace/internal/simulator"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "See it work: the whole story against a built-in simulator", GroupID: groupLearn, Args: noArguments,
		Long: `Tell the whole story of a session against a simulator inside this program: first login, calls,
expiry and silent renewal, a wrong password stopped after one failed login, a password reset, and
logout. It needs no account and no environment, reads none, sends nothing to any other machine and
leaves nothing behind. Where the story would have to wait, the simulator's clock is moved.

Every step is checked; the exit status is 1 if one does not do what it says. -v shows what the
session client decides.`,
		RunE: a.does(func(ctx context.Context, _ []string) error { return a.demo(ctx) }),
	}
}

// What the demonstration's platform knows. The user is Verizon's documented example; the account and
// the application are made up.
const (
	demoUser     = "zbeeblebrox"
	demoPassword = "IMgr8"
	demoWrong    = "IMgr9"
	demoAccount  = "0000123456-00001"
	demoKey      = "demo-application"
	demoSecret   = "demo-application-secret"
)

// demonstration is a platform on a loopback socket, and what the story's processes share.
type demonstration struct {
	out       io.Writer
	logger    *slog.Logger
	simulator *simulator.Server
	platform  *platform.Platform // the simulator's
	baseURL   string
	store     session.Store
	file      string            // credentials
	before    platform.Counters // at the beginning of the step
	stop      func()
}

func (a *app) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "thingspace-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := newDemonstration(ctx, a.out, dir)
	if err != nil {
		return err
	}
	defer d.stop()
	if a.verbose {
		d.logger = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return d.tell(ctx)
}

// newDemonstration starts a platform on a loopback port of the system's choice, and writes the
// credentials of its user into dir.
func newDemonstration(ctx context.Context, out io.Writer, dir string) (*demonstration, error) {
	d := &demonstration{
		out: out, store: filestore.New(filepath.Join(dir, "state")), file: filepath.Join(dir, "credentials.json"),
	}
	text := fmt.Sprintf("{\"username\": %q, \"password\": %q}\n", demoUser, demoPassword)
	if err := os.WriteFile(d.file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var err error
	d.simulator, err = simulator.New(simulator.Options{
		Applications: []platform.Application{{Key: demoKey, Secret: demoSecret}},
		Users:        []platform.User{{Username: demoUser, Password: demoPassword}},
		Accounts:     []string{demoAccount},
		NoControl:    true,
	})
	if err != nil {
		return nil, err
	}
	d.platform = d.simulator.Platform()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: d.simulator.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	d.baseURL = "http://" + listener.Addr().String() + d.platform.Base()
	d.stop = func() { _ = server.Close() }
	return d, nil
}

// process is a client of its own, as another process would have it: it shares the store, and nothing
// in memory.
func (d *demonstration) process(credentials session.CredentialSource) (*session.Client, error) {
	return session.New(session.Config{
		BaseURL: d.baseURL, Application: session.Application{Key: demoKey, Secret: session.NewSecret(demoSecret)},
		Credentials: credentials, Store: d.store, Logger: d.logger, UserAgent: userAgent(),
	})
}
