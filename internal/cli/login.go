package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) loginCommand() *cobra.Command {
	return a.connected(&cobra.Command{
		Use: "login", Short: "Log in: a new session, always", GroupID: groupUse, Args: noArguments,
		Long: `Log in and keep the session in the store, for every later command. There is seldom a need to:
"call" and "token" log in by themselves when they find no session.

A password that the platform refuses is remembered and not sent again, by no process that shares
the store, until it changes or a person runs "thingspace rearm". An interrupt while the login is
under way waits for its answer (half a minute at most).

It also settles what a password reset left behind whose answer was lost, or whose process died:
then it first waits, some minutes at most, until it is sure that nobody works on it any more.`,
		Example: `  thingspace login
  THINGSPACE_PASSWORD_FILE=/run/secrets/uws thingspace login --username zbeeblebrox`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error {
			err := a.withPassword(ctx, s, func() error {
				return a.patiently(ctx, s.Status, func() error { _, err := s.Login(ctx); return err })
			})
			if err == nil {
				_, _ = fmt.Fprintf(a.err, "logged in; the session is kept in %s\n", s.store.name)
			}
			return err
		})
	})
}
