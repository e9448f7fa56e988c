package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/session"
)

func (a *app) passwordCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "password", SuggestFor: []string{"reset", "rotate", "passwd"}, Short: "Change the password of the user", GroupID: groupAccount, Args: cobra.NoArgs,
		RunE: a.does(func(context.Context, []string) error {
			return usage("see 'thingspace password --help'", "password what? there is 'thingspace password reset'")
		}),
	}
	cmd.AddCommand(a.connected(&cobra.Command{
		Use: "reset", Short: "Let the platform make a new password, and save it", Args: noArguments,
		Long: `Let the platform make a new password for the user, save it in the credentials file, and print where
it was saved. The platform chooses the password, makes it effective at once and tells it once, so:

  * it refuses to begin without a credentials file (THINGSPACE_CREDENTIALS_FILE), and before
    anything is sent it proves that the file can be rewritten;
  * the request is sent once; an interrupt waits for its answer (two minutes at most) and says
    so; only SIGKILL ends it;
  * everything that shares the store waits meanwhile, and does not send the old password again;
  * if saving fails after all (a disk that became full), the new password is printed once on
    standard output, with exit status 1: keep it;
  * if the answer is lost the exit status is 4, and "thingspace login" settles what happened.

Verizon recommends a new password every 90 days.`,
		Example: `  THINGSPACE_CREDENTIALS_FILE=~/.config/thingspace.json thingspace password reset`,
	}, a.passwordReset))
	return cmd
}

func (a *app) passwordReset(ctx context.Context, _ []string) error {
	return a.with(ctx, func(s *opened) error {
		if s.credentials.path == "" {
			return &failure{
				status: exitUsage, what: "a password reset needs a file that can keep the new password",
				todo: "nothing was sent; put user name and password into a file of mode 600 and set " + setCredentials.env, cause: session.ErrReadOnlyCredentials,
			}
		}
		err := a.patiently(ctx, s.Status, func() error {
			// An interrupt must not part us from the answer. One that comes before anything is sent ends the
			// reset by way of the credentials, which are not to be read after it.
			_, err := s.ResetPassword(context.WithoutCancel(ctx))
			return err
		})
		var unsaved *session.RotationError
		if errors.As(err, &unsaved) && !errors.Is(err, session.ErrLatched) {
			return a.keepPassword(s.credentials.path, unsaved)
		}
		if errors.Is(err, errInterrupted) {
			return &failure{status: exitFailed, what: "interrupted; the password was not changed", cause: err}
		}
		if err == nil {
			_, _ = fmt.Fprintf(a.out, "the new password is saved in %s\n", s.credentials.path)
		}
		return err
	})
}

// keepPassword prints the one copy of a password that could not be saved: on standard output, or on
// standard error if nobody takes it there.
func (a *app) keepPassword(path string, unsaved *session.RotationError) error {
	where := "it is on standard output, once"
	_, err := fmt.Fprintln(a.out, unsaved.NewPassword().Reveal())
	if err != nil || discards(a.out.w) {
		a.out.err = nil
		where = "it is on the line above, once"
		_, _ = io.WriteString(a.err, unsaved.NewPassword().Reveal()+"\n")
	}
	return &failure{
		status: exitFailed,
		what:   fmt.Sprintf("the password was changed, but the new one could not be saved in %s: %s", path, oneLine(fmt.Sprint(errors.Unwrap(unsaved)))),
		todo:   where + ": keep it, and put it into that file as \"password\"; do not repeat the reset",
		cause:  unsaved,
	}
}

// discards reports whether w is the null device, as in many a crontab, or was closed before we began.
func discards(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	null, err2 := os.Stat(os.DevNull)
	return err == nil && err2 == nil && os.SameFile(info, null)
}
