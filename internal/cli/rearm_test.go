package cli

import (
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

// Where anything could stop a login, with whatever password, a person may allow one.
func TestARearmIsOfUseWhereverALoginMayBeStopped(t *testing.T) {
	ok := session.Status{Limit: 3, Strikes: 2, Password: session.PasswordUsable, Rotation: session.RotationNone, NotBefore: statusNow}
	if !unstopped(ok, statusNow) {
		t.Error("nothing stops a login, and that is not seen")
	}
	for name, stop := range map[string]func(*session.Status){
		"latched":            func(s *session.Status) { s.Latched = true },
		"strikes":            func(s *session.Status) { s.Strikes = 3 },
		"a refused password": func(s *session.Status) { s.Refused = 1 },
		"a retired password": func(s *session.Status) { s.Retired = 1 },
		"an owed probe":      func(s *session.Status) { s.ProbeOwed = true },
		"a pause":            func(s *session.Status) { s.NotBefore = statusNow.Add(time.Second) },
		"a rotation":         func(s *session.Status) { s.Rotation = session.RotationSending },
	} {
		s := ok
		if stop(&s); unstopped(s, statusNow) {
			t.Errorf("%s: taken for nothing that stops a login", name)
		}
	}
}
