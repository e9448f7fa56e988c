package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

// An error of the library says when to look again; what a person must do depends on the record.
func TestAnErrorIsToldWithWhatTheRecordSaysMustBeDone(t *testing.T) {
	rotating := fmt.Errorf("call: %w", &session.Error{Op: "login", RetryAfter: time.Second})
	sending := session.Status{
		Limit: 3, Password: session.PasswordUsable, Rotation: session.RotationSending,
		RotationBegan: statusNow.Add(-time.Minute), RotationEnds: statusNow.Add(3 * time.Minute),
	}
	dead := sending
	dead.RotationEnds = statusNow
	latched := dead
	latched.Latched, latched.Strikes = true, 3
	refused := session.Status{Limit: 3, Strikes: 1, Latched: true, Password: session.PasswordRefused}
	for name, c := range map[string]struct {
		err    error
		st     session.Status
		status int
		says   string // "": the error as it is
	}{
		"a rotation is under way":          {rotating, sending, exitUnreachable, "; wait until the password reset has ended; if it has not by 2026-11-23T18:03:00Z, its process died: then run 'thingspace login'"},
		"its process died":                 {rotating, dead, exitUnreachable, "; run 'thingspace login', which settles what the dead process left"},
		"it died, and strikes are used up": {rotating, latched, exitRefused, "'thingspace rearm' allows one login"},
		"it has ended meanwhile":           {rotating, session.Status{Limit: 3}, exitUnreachable, ""},
		"latched":                          {&session.Error{Op: "login"}, refused, exitRefused, "; put the right password into the file /etc/p"},
		"nothing is known any more":        {&session.Error{Op: "login"}, session.Status{Limit: 3}, exitRefused, ""},
	} {
		sentinel := session.ErrLatched
		if c.err == rotating { //nolint:errorlint // the very one
			sentinel = session.ErrRotating
		}
		err := advised(fmt.Errorf("%w: %w", sentinel, c.err), c.st, "the file /etc/p", statusNow)
		status, line := explain(err)
		if status != c.status || !strings.Contains(line, c.says) || !errors.Is(err, sentinel) {
			t.Errorf("%s: %d %q", name, status, line)
		}
		if own := (*failure)(nil); errors.As(err, &own) != (c.says != "") || c.says != "" && strings.Contains(line, "try again in") {
			t.Errorf("%s: %q", name, line)
		}
	}
}
