package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/session"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	cmd := a.connected(&cobra.Command{
		Use: "status", Short: "What the store says: session, failed logins, and what a person must do", GroupID: groupAccount,
		Args: noArguments,
		Long: `Print what the shared record says: the session and how long it has been idle, failed logins, a
rotation, and what a person must do if anything. Nothing is sent, and no password is needed; with
one, it also says what is known of that password.

The exit status is 0 whatever the record says, if it can be read. Scripts use --json; its fields are

  baseUrl, username, store
  session      present, readable, alive, obtained, lastUsed, expires; foreign: how many others are
               alive that another application's key or secret has sealed
  bearer       present, expires
  strikes      number of logins since the last success not known to have been free; limit
  attempts     those logins: at, state (pending, unknown, refused), reset, mayArriveUntil (how long
               it may still reach the platform; null if it cannot)
  latched      no login is sent until a person acts
  password     missing, usable, refused, retired, lost
  rotation     none, sending, saving, unknown, lost
  rotationBegan, rotationEnds  of one that is sending or saving: its process has ended it by then, or died
  loginPending, probeOwed, notBefore, rearmed, refusedPasswords, retiredPasswords
  action       none, wait, log-in, change-password, rearm, call-support, save-password
  advice       the action in words

Times are RFC 3339 in UTC, null if there is none. Fields may be added.`,
		Example: `  thingspace status
  test "$(thingspace status --json | jq .strikes)" = 0 || notify`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error {
			st, err := s.Status(ctx)
			if err != nil {
				return err
			}
			c, err := s.credentials.source.Load(ctx)
			if err != nil {
				return err
			}
			where := place{baseURL: s.baseURL, username: c.Username, store: s.store.name, password: s.credentials.holder}
			now := time.Now()
			if asJSON {
				return a.out.json(report(where, st, now))
			}
			for _, l := range describe(where, st, now) {
				_, _ = fmt.Fprintf(a.out, "%-10s %s\n", l.name, l.text)
			}
			return nil
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// place is what a status is about. password is what a person has to change to change it.
type place struct{ baseURL, username, store, password string }

type line struct{ name, text string }

// describe is a status for people.
func describe(p place, s session.Status, now time.Time) []line {
	lines := []line{
		{"Platform", p.baseURL},
		{"User", p.username},
		{"Store", p.store},
		{"Session", sessionWords(s.Session, now)},
		{"Bearer", bearerWords(s.Bearer, now)},
		{"Password", passwordWords(s)},
		{"Strikes", strikeWords(s)},
	}
	for _, at := range s.Attempts {
		lines = append(lines, line{"", attemptWords(at, now)})
	}
	lines = append(lines, line{"Rotation", rotationWords(s, now)})
	_, text := nextStep(p.password, s, now)
	return append(lines, line{"Next", text})
}

func sessionWords(s session.SessionStatus, now time.Time) string {
	switch {
	case !s.Present && s.Foreign > 0:
		return "none that this application's key and secret open; " + foreignWords(s.Foreign)
	case !s.Present:
		return "none"
	case !s.Readable:
		return "there is one, but this application's secret does not open it"
	case !s.Alive:
		return "lapsed: last used " + moment(s.LastUsed, now)
	}
	return "alive: last used " + moment(s.LastUsed, now) + "; lapses " + moment(s.Expires, now) + " if nobody uses it"
}

func foreignWords(n int) string {
	if n == 1 {
		return "there is one that is sealed with others"
	}
	return fmt.Sprintf("there are %d that are sealed with others", n)
}

func bearerWords(b session.BearerStatus, now time.Time) string {
	switch {
	case !b.Present:
		return "none"
	case !b.Expires.After(now):
		return "lapsed " + moment(b.Expires, now)
	}
	return "valid; lapses " + moment(b.Expires, now)
}

func passwordWords(s session.Status) string {
	switch s.Password {
	case session.PasswordMissing:
		if s.Refused > 0 {
			return fmt.Sprintf("not given; %s of this user %s refused, and a process that holds such a one logs in no more", count(s.Refused, "password"), isOrAre(s.Refused))
		}
		return "not given, so nothing can be said about it"
	case session.PasswordRefused:
		if s.Rearmed {
			return "refused by the platform; it is sent once more, since somebody ran 'thingspace rearm'"
		}
		return "refused by the platform: it is not sent again"
	case session.PasswordRetired:
		return "replaced by a password reset: it is not sent again"
	case session.PasswordLost:
		return "dead: a password reset replaced it and the answer with the new one was lost"
	}
	if !s.Session.Present && s.Session.Foreign > 0 && s.Refused+s.Retired > 0 {
		return "given; what the record knows of passwords was noted under another application secret"
	}
	if s.Refused > 0 {
		return fmt.Sprintf("given; nothing is known against it, but %s of this user %s noted as refused", count(s.Refused, "password"), isOrAre(s.Refused))
	}
	return "given; nothing is known against it"
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func strikeWords(s session.Status) string {
	switch {
	case s.Latched && s.Strikes > s.Limit:
		return fmt.Sprintf("%d: logins are stopped, and 'thingspace rearm' allows none; the platform locks the user at 5", s.Strikes)
	case s.Latched && s.Strikes == s.Limit:
		return fmt.Sprintf("%d: logins are stopped; the platform locks the user at 5", s.Strikes)
	case s.Rearmed:
		return fmt.Sprintf("%d; one more login is allowed, and the platform locks the user at 5", s.Strikes)
	}
	return fmt.Sprintf("%d; logins stop at %d, and the platform locks the user at 5", s.Strikes, s.Limit)
}

func attemptWords(at session.AttemptStatus, now time.Time) string {
	what := "login"
	if at.Reset {
		what = "password reset"
	}
	outcome := map[session.AttemptState]string{
		session.AttemptPending: "is under way, or its process died",
		session.AttemptUnknown: "got no clear answer: it may count",
		session.AttemptRefused: "was refused",
	}[at.State]
	switch {
	case at.State != session.AttemptUnknown:
	case at.MayArriveUntil.IsZero():
		outcome += "; the next success strikes it off"
	default:
		outcome += ", and may still reach the platform, so no success strikes it off before " + at.MayArriveUntil.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("a %s %s %s", what, moment(at.At, now), outcome)
}

const neverEnded = "has not ended in its time: its process died, unless a clock is wrong, and whether the platform changed the password is unknown"

func rotationWords(s session.Status, now time.Time) string {
	switch s.Rotation {
	case session.RotationSending:
		began := "a password reset that began " + moment(s.RotationBegan, now)
		if rotationDied(s, now) {
			return began + " " + neverEnded
		}
		return began + " is under way, or its process died"
	case session.RotationSaving:
		return "the platform has made a new password; it is kept encrypted in the store until it is saved"
	case session.RotationUnknown:
		return "the answer to a password reset was lost: whether the old password still holds is unknown"
	case session.RotationLost:
		return "a password reset took effect and its answer was lost"
	}
	return "none"
}

// rotationDied reports whether a rotation's process must have died, by the clocks of its host and of this
// one. A beginning far ahead comes from a clock that is wrong.
func rotationDied(s session.Status, now time.Time) bool {
	return !s.RotationEnds.After(now) || s.RotationBegan.After(now.Add(time.Hour))
}
