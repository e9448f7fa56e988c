package session

import (
	"context"
	"net/http"

	"iot.internal/thingspace/internal/ledger"
)

// Logout ends the session for everyone who shares the store. Without a session nothing is sent and
// nil is returned; so it is when the platform says that the session had ended already. A login that
// is under way anywhere is void. After an error the session is still there, and Logout can be
// repeated.
func (c *Client) Logout(ctx context.Context) error {
	if c.isClosed() {
		return &Error{Op: "logout", err: ErrClosed}
	}
	id, err := c.identify(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.logouts++
	held := c.current.Load()
	c.mu.Unlock()

	// A login whose answer could not be recorded may have brought a session.
	if _, err := c.payDebt(ctx, id.account); err != nil {
		return err
	}
	var part *sessionPart
	err = c.update(ctx, id.account, func(r ledger.Record) (ledger.Record, bool) {
		part = id.account.session(r)
		return r.BeginLogout(), part != nil || r.Lease != nil
	})
	if err != nil {
		return err
	}
	if part == nil {
		c.forgetSession("logout")
		return nil
	}
	tokens := []string{part.token.Reveal()}
	if held != nil && held.session != nil && held.session.token.Reveal() != tokens[0] {
		// Another process has logged in since, and this one has not noticed. The record's goes last, so
		// that all of it can be repeated.
		tokens = []string{held.session.token.Reveal(), tokens[0]}
	}
	for _, token := range tokens {
		if err := c.endSession(ctx, id.account, token); err != nil {
			return err
		}
		c.discard(token, "logout")
	}
	return c.settle(ctx, id.account, func(r ledger.Record) (ledger.Record, bool) {
		return r.Drop(id.account.application, part.generation)
	})
}

// endSession tells the platform, and takes a session that it does not know any more for ended.
func (c *Client) endSession(ctx context.Context, a *account, token string) error {
	b, err := c.bearer(ctx, a, "")
	if err != nil {
		return err
	}
	answer := c.logoutOnce(ctx, b, token)
	if answer.status == http.StatusUnauthorized {
		old := b.value.Reveal()
		c.discardBearer(old)
		if b, err = c.bearer(ctx, a, old); err != nil {
			return err
		}
		if b.value.Reveal() != old {
			answer = c.logoutOnce(ctx, b, token)
		}
	}
	if answer.value != "" || answer.fault.SessionToken() {
		return nil
	}
	e := answer.error("logout")
	if answer.status == http.StatusUnauthorized {
		e.err = because(ErrBearerRejected, answer.err)
	}
	return e
}

func (c *Client) logoutOnce(ctx context.Context, b *bearerPart, token string) answer {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.CallTimeout)
	defer cancel()
	return c.wire.logout(ctx, b, token)
}

// forgetSession drops whatever session this process has in hand.
func (c *Client) forgetSession(reason string) {
	if snap := c.current.Load(); snap != nil && snap.session != nil {
		c.discard(snap.session.token.Reveal(), reason)
	}
}
