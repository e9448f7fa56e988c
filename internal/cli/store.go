package cli

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// stores says what THINGSPACE_STORE may be; it appears in errors.
const stores = "file, file:DIR, memory, redis://…, rediss://… or unix://…"

// openedStore is a store and how it is called in front of people, without secrets.
type openedStore struct {
	session.Store
	name string
}

// openStore opens the store that the settings name. Another kind of store is added here.
func (a *app) openStore(ctx context.Context) (openedStore, error) {
	spec, err := a.settings.get(setStore)
	if err != nil {
		return openedStore{}, err
	}
	switch kind, _, _ := strings.Cut(spec, ":"); kind {
	case "redis", "rediss", "unix":
		return a.openRedis(ctx, spec)
	}
	from, _, err := a.settings.one(storePasswordSettings...)
	if err == nil && a.settings.byFlag(from) {
		err = usage("leave --store-password-file out", "only a Redis store has a password")
	}
	if err != nil {
		return openedStore{}, err
	}
	return openStore(spec, a.environ)
}

// Close frees what the store holds.
func (s openedStore) Close() error {
	if c, ok := s.Store.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// openStore opens a store of this machine.
func openStore(spec string, environ func(string) (string, bool)) (openedStore, error) {
	kind, rest, found := strings.Cut(spec, ":")
	switch {
	case spec == "" || spec == "file":
		dir, err := stateDir(environ)
		if err != nil {
			return openedStore{}, err
		}
		return openedStore{filestore.New(dir), "file:" + dir}, nil
	case kind == "file" && rest != "":
		dir, err := filepath.Abs(rest)
		if err != nil {
			return openedStore{}, usage("give an absolute DIR", "the directory of the store cannot be found: %v", err)
		}
		return openedStore{filestore.New(dir), "file:" + dir}, nil
	case kind == "file":
		return openedStore{}, usage("give it a directory", "THINGSPACE_STORE names no directory")
	case spec == "memory":
		return openedStore{session.NewMemoryStore(), "memory"}, nil
	case filepath.IsAbs(spec) || strings.HasPrefix(spec, "."):
		return openedStore{}, usage("write file:DIR for a directory", "THINGSPACE_STORE is a path")
	case found:
		// Not the whole of it: it may hold a password.
		return openedStore{}, usage("it may be "+stores, "this version knows no store of the kind %q", kind)
	}
	return openedStore{}, usage("it may be "+stores, "this version knows no store %q", spec)
}
