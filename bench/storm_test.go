package bench

import (
	"fmt"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// The tables of behaviour run in real time: peers that hold a sync.Mutex while they log in would stand
// still for ever in a testing/synctest bubble. What is asserted of our own row are counts, which do not
// depend on it.

// loginTime is how long the platform takes over a login, so that callers pile up.
const loginTime = 20 * time.Millisecond

func slowLogins() sessiontest.Fault {
	return sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: loginTime}
}

func TestTableColdStorm(t *testing.T) {
	for _, n := range []int{50, 10_000} {
		out := newTable(fmt.Sprintf("Cold: %d callers at once, no session yet", n), "peer", "logins made", "requests failed", "last caller served after, ms")
		for _, p := range holders() {
			e := newEnv(t, nil)
			e.platform.Inject(slowLogins())
			got := storm(t, p.hold(e), e, n)
			logins := e.platform.Counters().Logins
			out.add(p.name, logins, got.failed, milliseconds(got.last))
			if p.name == ours.name && (logins != 1 || got.failed != 0) {
				t.Errorf("%d callers made %d logins, %d failed (%v); want 1 and 0", n, logins, got.failed, got.example)
			}
		}
		out.print(t)
	}
}

func TestTableExpiryStorm(t *testing.T) {
	for _, n := range []int{50, 10_000} {
		out := newTable(fmt.Sprintf("Expired: %d callers at once, the session has just ended", n),
			"peer", "logins made", "requests failed", "served after, ms: p50", "p99", "last")
		for _, p := range holders() {
			e := newEnv(t, nil)
			transport := p.hold(e)
			if err := get(t.Context(), transport, e); err != nil {
				t.Fatal(p.name, err)
			}
			before := e.platform.Counters().Logins
			e.platform.Inject(slowLogins())
			e.platform.ExpireSessions()
			got := storm(t, transport, e, n)
			logins := e.platform.Counters().Logins - before
			if got.failed == n {
				out.add(p.name, logins, got.failed, "never", "never", "never")
			} else {
				out.add(p.name, logins, got.failed, milliseconds(got.p50), milliseconds(got.p99), milliseconds(got.last))
			}
			if p.name == ours.name && (logins != 1 || got.failed != 0) {
				t.Errorf("%d callers made %d logins, %d failed (%v); want 1 and 0", n, logins, got.failed, got.example)
			}
		}
		out.print(t)
	}
}

// holders are the peers that can obtain a session.
func holders() []peer {
	var all []peer
	for _, p := range peers {
		if p.hold != nil {
			all = append(all, p)
		}
	}
	return all
}
