package bench

import (
	"fmt"
	"testing"
)

// The platform locks a user at the fifth failed login in a row (documented).
func TestTableWrongPassword(t *testing.T) {
	out := newTable("Wrong password: 50 callers at once, then 10 more, one after the other",
		"peer", "logins sent by the 50", "by the 10", "account locked")
	for _, p := range holders() {
		storming, later, locked := wrongPassword(t, p, 50)
		out.add(p.name, storming, later, yes(locked))
		if p.name == ours.name && (storming != 1 || later != 0 || locked) {
			t.Errorf("%d and %d logins were sent, locked: %v; want 1 and 0, and no lock", storming, later, locked)
		}
	}
	// With so many callers some peers take minutes.
	many := 10_000
	storming, later, locked := wrongPassword(t, ours, many)
	out.add(fmt.Sprintf("%s, %d callers", ours.name, many), storming, later, yes(locked))
	if storming != 1 || later != 0 || locked {
		t.Errorf("%d and %d logins were sent by %d, locked: %v; want 1 and 0, and no lock", storming, later, many, locked)
	}
	out.print(t)
}

func wrongPassword(t *testing.T, p peer, callers int) (storming, later int, locked bool) {
	t.Helper()
	e := newEnv(t, nil)
	e.platform.Inject(slowLogins())
	e.platform.SetPassword("Wh0a1545a84d") // the credentials still are the old ones
	transport := p.hold(e)
	if got := storm(t, transport, e, callers); got.failed != callers {
		t.Errorf("%s: %d of %d callers got an answer with a wrong password", p.name, callers-got.failed, callers)
	}
	storming = e.platform.Counters().Logins
	for range 10 {
		if err := get(t.Context(), transport, e); err == nil {
			t.Errorf("%s: a request was answered with a wrong password", p.name)
		}
	}
	n := e.platform.Counters()
	return storming, n.Logins - storming, n.Locked
}
