package cli

import (
	"context"

	"iot.internal/thingspace/session"
)

// until is a source that refuses to be read once over reports an error. The session client reads the
// credentials right before every login, so none begins after that.
func until(over func() error, source session.CredentialSource) session.CredentialSource {
	guarded := guardedSource{source, over}
	switch s := source.(type) {
	case session.CredentialSwapper:
		return guardedSwapper{guardedSaver{guarded, s}, s}
	case session.CredentialSaver:
		return guardedSaver{guarded, s}
	}
	return guarded
}

type guardedSource struct {
	source session.CredentialSource
	over   func() error
}

// Load implements [session.CredentialSource].
func (g guardedSource) Load(ctx context.Context) (session.Credentials, error) {
	if err := g.over(); err != nil {
		return session.Credentials{}, err
	}
	return g.source.Load(ctx)
}

// guardedSaver can be saved to at any time.
type guardedSaver struct {
	guardedSource

	saver session.CredentialSaver
}

// Save implements [session.CredentialSaver].
func (g guardedSaver) Save(ctx context.Context, c session.Credentials) error {
	return g.saver.Save(ctx, c)
}

type guardedSwapper struct {
	guardedSaver

	swapper session.CredentialSwapper
}

// SwapCredentials implements [session.CredentialSwapper].
func (g guardedSwapper) SwapCredentials(ctx context.Context, old, next session.Credentials) (bool, error) {
	return g.swapper.SwapCredentials(ctx, old, next)
}
