package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/session"
)

const rearmLong = `Logins stop when the platform has refused the password, or when three logins since the last success
are not known to have been free: the platform locks a user after five failures in a row, and only
Verizon support can unlock it. This command is for a person who has looked into it.

Without flags it allows exactly one more login, in spite of a refused password or used-up strikes,
but never one that could be the fifth failure.

With --cleared you assert that the platform's own counter is at zero: because support has unlocked
the user, or because somebody has just logged in elsewhere with the right password. It empties the
list, and replaces a record that cannot be read. If that is not true, the next failures may lock
the user.

A changed password needs none of this: it is tried by itself, as long as strikes are left.`

func (a *app) rearmCommand() *cobra.Command {
	var cleared, yes bool
	cmd := a.connected(&cobra.Command{
		Use: "rearm", Short: "After checking the password: allow one more login, or clear the count", GroupID: groupAccount,
		Args: noArguments, Long: rearmLong,
		Example: `  thingspace status
  thingspace rearm
  thingspace rearm --cleared --yes`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error {
			how, question, done := session.OneAttempt,
				"This allows one login that may fail. Five failures in a row lock the user until Verizon support\n"+
					"unlocks it. Have you checked that the password is right? Type yes to allow it: ",
				"one login is allowed"
			if cleared {
				how, question, done = session.CounterCleared,
					"This forgets the failed logins. If the platform has not forgotten them too, the next ones may lock\n"+
						"the user until Verizon support unlocks it. Has support unlocked it, or has somebody just logged in\n"+
						"elsewhere? Type yes to forget them: ",
					"the count of failed logins is cleared"
			}
			if !yes {
				if err := a.confirm(ctx, question, "say --yes if a person has checked the password"); err != nil {
					return err
				}
			}
			if err := s.Rearm(ctx, how); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(a.err, done)
			return nil
		})
	})
	cmd.Flags().BoolVar(&cleared, "cleared", false, "the platform's own count is at zero: forget the failed logins")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
