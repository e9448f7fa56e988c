package cli

import (
	"context"
	"errors"
	"strings"
	"sync"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// credentialsHolder begins the holder of those that a password reset can rewrite.
const credentialsHolder = "the credentials file "

// credentials is where a command's user name and password come from.
type credentials struct {
	source session.CredentialSource
	given  *givenCredentials // source, if it is not a file that can be rewritten
	path   string            // of that file
	holder string            // what a person has to change to change the password, "" if it is typed
}

// openCredentials chooses among the ways to give credentials. Two at once are a mistake, even if they
// agree today: after a password reset one of them would be wrong.
func (a *app) openCredentials(ctx context.Context) (credentials, error) {
	username, err := a.settings.text(setUsername)
	if err != nil {
		return credentials{}, err
	}
	from, value, err := a.settings.one(passwordSettings...)
	if err != nil {
		return credentials{}, err
	}
	if from.env == setCredentials.env {
		return a.credentialsFile(ctx, value, username)
	}
	given := &givenCredentials{username: username}
	var holder string
	switch from.env {
	case setPassword.env:
		if err := plainText(setPassword.env, value); err != nil {
			return credentials{}, err
		}
		given.read, holder = func() (string, error) { return value, nil }, "the variable "+setPassword.env
	case setPasswordFile.env:
		given.read, holder = secretFile(value, a.settings.name(setPasswordFile)).read, "the file "+value
		if _, err := given.read(); err != nil {
			return credentials{}, err
		}
	}
	return credentials{source: given, given: given, holder: holder}, nil
}

// credentialsFile uses a file that a password reset may rewrite. It is read once now, so that a
// mistake in it is told before anything else happens.
func (a *app) credentialsFile(ctx context.Context, path, username string) (credentials, error) {
	source := filestore.Credentials(path)
	c, err := source.Load(ctx)
	if err != nil {
		f := &failure{
			status: exitUsage, what: a.settings.name(setCredentials) + ": " + strings.TrimPrefix(err.Error(), "filestore: "),
			todo: "nothing was sent", cause: err,
		}
		if errors.Is(err, filestore.ErrMalformed) {
			f.todo += `; it is to hold {"username": "…", "password": "…"}`
		}
		return credentials{}, f
	}
	if username != "" && username != c.Username {
		return credentials{}, usage("leave "+a.settings.name(setUsername)+" out, or name the same user",
			"%s and %s name different users", a.settings.name(setUsername), a.settings.name(setCredentials))
	}
	return credentials{source: source, path: path, holder: credentialsHolder + path}, nil
}

// wanting reports whether err comes from there being no password: a login was needed and not sent.
func (c credentials) wanting(err error) bool {
	var e *session.Error
	if c.given == nil || !c.given.gaveNone() || !errors.As(err, &e) {
		return false
	}
	return e.StatusCode == 0 && (e.Op == "login" || e.Op == "request" || e.Op == "reset") && !known(err)
}

// givenCredentials are read-only: a password reset refuses them.
type givenCredentials struct {
	username string
	read     func() (string, error) // nil: no password is given

	mu    sync.Mutex
	typed session.Secret // by a person
	none  bool           // Load had no password to give
}

// Load implements [session.CredentialSource]. A password in a file is read again every time.
func (g *givenCredentials) Load(context.Context) (session.Credentials, error) {
	c := session.Credentials{Username: g.username}
	if g.read != nil {
		password, err := g.read()
		if err != nil {
			return c, err
		}
		c.Password = session.NewSecret(password)
		return c, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.Password = g.typed
	g.none = g.none || c.Password.Reveal() == ""
	return c, nil
}

func (g *givenCredentials) gaveNone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.none
}

// take uses a password that a person has typed.
func (g *givenCredentials) take(password session.Secret) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.typed, g.none = password, false
}
