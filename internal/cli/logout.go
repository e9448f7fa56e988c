package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) logoutCommand() *cobra.Command {
	return a.connected(&cobra.Command{
		Use: "logout", Short: "End the session, for everyone who shares the store", GroupID: groupUse, Args: noArguments,
		Long: `End the session for everyone who shares the store. It needs no password. Without a session nothing
is sent, and that is no failure; nor is a session that had ended already. The OAuth2 bearer is
never revoked: the platform gives the same one to everybody who has the application's key.`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error {
			before, err := s.Status(ctx)
			if err != nil {
				return err
			}
			if err := s.Logout(ctx); err != nil {
				return err
			}
			word := "logged out"
			switch {
			case !before.Session.Present && before.Session.Foreign > 0:
				word = "there was no session that this application's key and secret open; those that others have sealed live on"
			case !before.Session.Present:
				word = "there was no session"
			}
			_, _ = fmt.Fprintln(a.err, word)
			return nil
		})
	})
}
