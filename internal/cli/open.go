package cli

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"iot.internal/thingspace/internal/origin"
	"iot.internal/thingspace/session"
)

const seeEnvironment = "see 'thingspace help environment'"

// opened is a client with what it was made of.
type opened struct {
	*session.Client
	credentials credentials
	store       openedStore
	baseURL     string
}

// open makes the client that the settings describe. It sends nothing.
func (a *app) open(ctx context.Context) (*opened, error) {
	if err := a.settings.misspelt(); err != nil {
		return nil, err
	}
	baseURL, err := a.settings.get(setBaseURL)
	if err != nil {
		return nil, err
	}
	if baseURL == "" {
		baseURL = session.Production
	}
	if strings.TrimSpace(baseURL) != baseURL {
		return nil, usage("nothing was sent; write it like "+session.Production, "%s begins or ends with a space", a.settings.name(setBaseURL))
	}
	if _, err := origin.Parse(baseURL); err != nil {
		return nil, usage("nothing was sent; write it like "+session.Production, "%s: %v", a.settings.name(setBaseURL), err)
	}
	if err := a.missing(); err != nil {
		return nil, err
	}
	application, err := a.application()
	if err != nil {
		return nil, err
	}
	credentials, err := a.openCredentials(ctx)
	if err != nil {
		return nil, err
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	cfg := session.Config{
		BaseURL: baseURL, Application: application, Credentials: until(a.interrupts.over, credentials.source), Store: store.Store,
		Trace: a.interrupts.trace(), UserAgent: userAgent(),
	}
	if a.verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if a.configure != nil {
		a.configure(&cfg)
	}
	client, err := session.New(cfg)
	if err != nil {
		_ = store.Close()
		return nil, &failure{
			status: exitUsage, what: strings.TrimPrefix(err.Error(), "thingspace: "), todo: seeEnvironment, cause: err,
		}
	}
	return &opened{Client: client, credentials: credentials, store: store, baseURL: strings.TrimRight(baseURL, "/")}, nil
}

// missing names everything that nobody gives and nothing works without, at once.
func (a *app) missing() error {
	var missing []string
	for _, one := range [][]setting{{setAppKey}, secretSettings, userSettings} {
		if slices.ContainsFunc(one, a.settings.given) {
			continue
		}
		name := one[0].env
		if len(one) > 1 {
			name += " (or " + one[1].env + ")"
		}
		missing = append(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	return usage(seeEnvironment, "not set: %s", strings.Join(missing, " and "))
}

// application is the OAuth2 key and secret.
func (a *app) application() (session.Application, error) {
	key, err := a.settings.text(setAppKey)
	if err != nil {
		return session.Application{}, err
	}
	if strings.Contains(key, ":") {
		return session.Application{}, usage("nothing was sent", "%s holds a colon", a.settings.name(setAppKey))
	}
	from, secret, err := a.settings.one(secretSettings...)
	if err != nil {
		return session.Application{}, err
	}
	if from.env == setAppSecretFile.env {
		secret, err = secretFile(secret, a.settings.name(from)).read()
	} else {
		err = plainText(from.env, secret)
	}
	if err != nil {
		return session.Application{}, err
	}
	return session.Application{Key: key, Secret: session.NewSecret(secret)}, nil
}

// with runs f with a client, and closes it.
func (a *app) with(ctx context.Context, f func(*opened) error) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if err = f(s); s.credentials.wanting(err) {
		err = errNoPassword
	}
	err = s.advise(ctx, err)
	if closing := a.close(s.Client); err == nil {
		err = closing
	}
	if a.interrupts.over() == nil { // else the client may still use it
		_ = s.store.Close()
	}
	return err
}

// closeGrace is more than it takes to get from reading the credentials, which an interrupted command
// refuses, to sending a login.
const closeGrace = 2 * time.Second

// close closes a client. Close waits for whatever the client has begun; an interrupted command waits
// for a login alone, whose answer decides whether it counts as a failed one, and leaves the rest.
func (a *app) close(c *session.Client) error {
	if a.interrupts.over() == nil {
		return c.Close()
	}
	a.interrupts.stillWaiting()
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	for {
		select {
		case err := <-closed:
			return err
		case <-time.After(closeGrace):
			if a.interrupts.idle() {
				return nil
			}
		}
	}
}
