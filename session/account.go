package session

import (
	"context"
	"errors"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/seal"
)

// account is whose record it is, and what opens it.
type account struct {
	key         string // of the record in the store
	application string // id inside the record
	box         *seal.Box
}

// What is sealed in a record, bound to its place.
const (
	sealedSession = "session"
	sealedBearer  = "bearer"
)

// sealedPassword is for the password that followed the one with this fingerprint: sealed for any
// place, it could be put back by who can write to the store when it has long been rotated away.
func sealedPassword(old string) string { return "password after " + old }

// identity is an account with the credentials just loaded.
type identity struct {
	account     *account
	credentials Credentials
	fingerprint string
}

// identify loads the credentials and derives from them whose record it is. A missing password is no
// error here: most of what is done needs none.
func (c *Client) identify(ctx context.Context) (identity, error) {
	credentials, err := c.cfg.Credentials.Load(ctx)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = context.Cause(ctx)
		}
		return identity{}, &Error{Op: "credentials", err: err}
	}
	if credentials.Username == "" {
		return identity{}, &Error{Op: "credentials", err: errNoUsername}
	}
	secret := c.cfg.Application.Secret.Reveal()
	a := &account{
		key:         seal.RecordKey(c.origin.Key(), credentials.Username),
		application: seal.ApplicationID(c.cfg.Application.Key, secret),
	}
	if a.box, err = seal.NewBox(secret, a.key); err != nil {
		return identity{}, &Error{Op: "credentials", err: err}
	}
	id := identity{account: a, credentials: credentials}
	id.fingerprint = c.fingerprint(credentials)
	return id, nil
}

func (c *Client) fingerprint(credentials Credentials) string {
	return seal.Fingerprint(c.cfg.Application.Secret.Reveal(), credentials.Username, credentials.Password.Reveal())
}

// session opens the application's session in a record, nil if there is none that opens.
func (a *account) session(r ledger.Record) *sessionPart {
	s := r.Applications[a.application].Session
	if s == nil {
		return nil
	}
	token, err := a.box.Open(sealedSession, s.Sealed)
	if err != nil || !headerSafe(token) {
		return nil
	}
	return &sessionPart{
		account: a, token: newToken(token), generation: s.Generation,
		obtained: s.Obtained, used: s.LastUsed, stored: s.LastUsed, proven: s.Proven,
	}
}

// bearer does the same for the bearer.
func (a *account) bearer(r ledger.Record) *bearerPart {
	b := r.Applications[a.application].Bearer
	if b == nil {
		return nil
	}
	value, err := a.box.Open(sealedBearer, b.Sealed)
	if err != nil || !headerSafe(value) {
		return nil
	}
	return &bearerPart{value: NewSecret(value), expires: b.Expires}
}
