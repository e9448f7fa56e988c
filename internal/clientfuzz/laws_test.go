package clientfuzz

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/seal"
	"iot.internal/thingspace/session"
)

// check is done after every step, when everybody waits for something.
func (w *world) check() {
	w.learn(w.platform.Password(), w.platform.Credentials().Password())
	n := w.platform.Counters()
	limit := ledger.Limit
	if w.one {
		limit++ // until a login succeeds
		if w.record.read().OneAttempt {
			w.accepted = n.LoginsAccepted
		} else if n.LoginsAccepted != w.accepted {
			w.one = false
		}
	}
	if n.Strikes > limit || n.Locked || n.Lockouts > 0 {
		w.problem("G1 never locked out: %d strikes, %d allowed, locked %v", n.Strikes, limit, n.Locked)
	}
	if n.MisplacedSecrets != 0 || n.Cookies != 0 || n.Elsewhere != 0 || n.Revokes != 0 || len(n.UnknownHeaders) != 0 {
		w.problem("wire: %d secrets in the wrong place, %d cookies, %d requests elsewhere, %d revocations, headers %v",
			n.MisplacedSecrets, n.Cookies, n.Elsewhere, n.Revokes, n.UnknownHeaders)
	}
	w.mu.Lock()
	causes := 1 + w.refreshes + n.FaultsInjected
	w.mu.Unlock()
	if logins := n.LoginsAccepted + n.LoginsRefused; logins > causes { // others the gateway turned away
		w.problem("G2 one login: %d logins for %d causes", logins, causes)
	}
	w.checkPassword()
	if line := w.logs.betrayal(w.betrays); line != "" {
		w.problem("secret: a log line or event holds one: %s", line)
	}
}

// checkPassword is G4: the password in force is where it belongs, or somebody was given it, or the
// record says that a rotation is not finished.
func (w *world) checkPassword() {
	now := w.platform.Password()
	w.mu.Lock()
	known := now == w.platform.Credentials().Password() || now == w.byPerson || now == initial || w.handedOut[now] || w.inFlight["reset"] > 0
	w.mu.Unlock()
	if known {
		return
	}
	m := w.record.read().Rotation
	switch {
	case m == nil:
		w.problem("G4 no password is lost silently: the one in force is nobody's, and the record knows of no rotation")
	case m.Phase == ledger.Saving && m.New != seal.Fingerprint(w.secretID, w.platform.Username(), now) && !m.Rival:
		w.problem("G4 no password is lost silently: the record is saving another password than the one in force")
	}
}

const initial = "IMgr8"

// journal is where all clients log and trace.
type journal struct {
	mu      sync.Mutex
	lines   []string
	checked int
}

func (j *journal) Write(b []byte) (int, error) {
	j.note(string(b))
	return len(b), nil
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// betrayal returns a line that holds a secret. Lines are looked at once as they come and once at the
// end, when all secrets are known.
func (j *journal) betrayal(betrays func(string) bool) string {
	j.mu.Lock()
	fresh := slices.Clone(j.lines[j.checked:])
	j.checked = len(j.lines)
	j.mu.Unlock()
	if text := strings.Join(fresh, "\n"); betrays(text) {
		for _, line := range fresh {
			if betrays(line) {
				return line
			}
		}
	}
	return ""
}

func (j *journal) again() { j.mu.Lock(); j.checked = 0; j.mu.Unlock() }

// trace writes every event down, in the form that shows most.
func (j *journal) trace() *session.Trace {
	return &session.Trace{
		Login:    func(e session.LoginEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Session:  func(e session.SessionEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Bearer:   func(e session.BearerEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Replay:   func(e session.ReplayEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Rotation: func(e session.RotationEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Wait:     func(e session.WaitEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Probe:    func(e session.ProbeEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
		Store:    func(e session.StoreEvent) { j.note(fmt.Sprintf("%+v %#v", e, e)) },
	}
}
