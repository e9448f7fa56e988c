package cli

import (
	"context"
	"fmt"
	"time"

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
the user. Kept are requests that may still be on their way, since they count after that, and which
passwords were refused: a refused password that is right after all needs both, first --cleared.

Another password needs none of this as long as fewer than three logins are listed: it is tried by
itself.`

func (a *app) rearmCommand() *cobra.Command {
	var cleared, yes bool
	cmd := a.connected(&cobra.Command{
		Use: "rearm", SuggestFor: []string{"unlock", "unlatch", "clear"}, Short: "After checking the password: allow one more login, or clear the count", GroupID: groupAccount,
		Args: noArguments, Long: rearmLong,
		Example: `  thingspace status
  thingspace rearm
  thingspace rearm --cleared --yes`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error { return a.rearm(ctx, s, cleared, yes) })
	})
	cmd.Flags().BoolVar(&cleared, "cleared", false, "the platform's own count is at zero: forget the failed logins")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask: a person has looked into it")
	return cmd
}

func (a *app) rearm(ctx context.Context, s *opened, cleared, yes bool) error {
	how, again, question := session.OneAttempt, "thingspace rearm --yes",
		"This allows one login that may fail. Five failures in a row lock the user until Verizon support\n"+
			"unlocks it. Have you checked that the password is right? Type yes to allow it: "
	if cleared {
		how, again, question = session.CounterCleared, "thingspace rearm --cleared --yes",
			"This forgets the failed logins. If the platform has not forgotten them too, the next ones may lock\n"+
				"the user until Verizon support unlocks it. Has support unlocked it, or has somebody just logged in\n"+
				"elsewhere? Type yes to forget them: "
	}
	if st, err := s.Status(ctx); !cleared && err == nil && unstopped(st, time.Now()) {
		_, _ = fmt.Fprintln(a.err, "nothing stops the next login, so there is nothing to allow")
		return nil
	}
	if !yes {
		if err := a.confirm(ctx, question, "when a person has looked into it, run '"+again+"'"); err != nil {
			return err
		}
	}
	before, unreadable := s.Status(ctx) // after the question, which may have stood for long
	if !cleared && unreadable == nil && before.Latched && before.Password == session.PasswordRetired {
		return &failure{
			status: exitRefused, what: "no login is allowed: this password was rotated away", todo: replaceRetired(s.credentials.holder),
			cause: session.ErrLatched,
		}
	}
	if err := s.Rearm(ctx, how); err != nil {
		return err
	}
	after, err := s.Status(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	switch {
	case !cleared:
		_, _ = fmt.Fprintln(a.err, "one login is allowed")
	case unreadable != nil:
		_, _ = fmt.Fprintln(a.err, "the record, which could not be read, is replaced by an empty one")
	default:
		for _, l := range clearedWords(before, after, now) {
			_, _ = fmt.Fprintln(a.err, l)
		}
	}
	if act, next := urgent(s.credentials.holder, after, now); act != actLogIn {
		_, _ = fmt.Fprintln(a.err, "next:", next)
	}
	return nil
}

// unstopped reports that the next login would be sent, whatever password it has.
func unstopped(s session.Status, now time.Time) bool {
	return !s.Latched && s.Strikes < s.Limit && s.Refused == 0 && s.Retired == 0 && !s.ProbeOwed && !s.NotBefore.After(now) &&
		s.Rotation == session.RotationNone
}

// clearedWords says what --cleared has struck off, and what it kept and why.
func clearedWords(before, after session.Status, now time.Time) []string {
	var lines []string
	switch gone := before.Strikes - after.Strikes; {
	case gone > 0:
		lines = append(lines, fmt.Sprintf("%s off the list", struck(gone)))
	case after.Strikes == 0:
		lines = append(lines, "no failed login was listed")
	}
	for _, at := range after.Attempts {
		then := "; it would count there after all, so run this again then"
		if at.State == session.AttemptPending {
			then = "; run this again when it has ended, or 'thingspace login' has found out that it will not"
		}
		lines = append(lines, "kept: "+attemptWords(at, now)+then)
	}
	if after.Password == session.PasswordRefused {
		lines = append(lines, "kept: that the platform refused this password")
	}
	return lines
}

func struck(n int) string {
	if n == 1 {
		return "1 failed login is"
	}
	return fmt.Sprintf("%d failed logins are", n)
}
