package cli

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
)

// openRedis opens the store on a Redis server, and so needs the server. The password may be in the
// URL if that is not on the command line, or in a variable or file of its own.
func (a *app) openRedis(ctx context.Context, spec string) (openedStore, error) {
	if u, err := url.Parse(spec); a.settings.byFlag(setStore) && (err != nil || hasPassword(u)) {
		return openedStore{}, usage("put it into "+setStorePassword.env+" or a file for "+setStorePasswordFile.env,
			"--store may hold a password, and others can read a command line")
	}
	from, password, err := a.settings.one(storePasswordSettings...)
	if err != nil {
		return openedStore{}, err
	}
	var options []redisstore.Option
	if from.env == setStorePasswordFile.env {
		if password, err = secretFile(password, a.settings.name(from)).read(); err != nil {
			return openedStore{}, err
		}
	}
	if from.env != "" {
		options = append(options, redisstore.WithPassword(session.NewSecret(password)))
	}
	store, err := redisstore.New(ctx, spec, options...)
	if err != nil {
		return openedStore{}, redisFailure(err)
	}
	if a.verbose {
		log := slog.New(slog.NewTextHandler(a.err, nil))
		for _, f := range store.Findings() {
			log.Warn("store", slog.String("risk", string(f.Risk)), slog.String("detail", f.Detail))
		}
	}
	return openedStore{store, store.String()}, nil
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// redisFailure tells apart what waiting may mend and what a person must.
func redisFailure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	f := &failure{status: exitUsage, what: err.Error(), todo: "nothing was sent; " + seeEnvironment, cause: err}
	switch {
	case errors.Is(err, redisstore.ErrUnsafe):
		f.todo = "accept=RISK in the URL does; nothing was sent"
	case errors.Is(err, redisstore.ErrDenied):
		f.todo = "check " + setStorePassword.env + " and the user's rights; nothing was sent"
	case unreachable(err), errors.Is(err, redisstore.ErrReadOnly), errors.Is(err, redisstore.ErrServer):
		f.status, f.todo = exitUnreachable, "mend the store ("+setStore.env+"), then try again; no login is sent without it"
	}
	return f
}
