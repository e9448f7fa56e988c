package clientfuzz

import (
	"fmt"
	"time"

	"iot.internal/thingspace/session"
)

func expireSessions(w *world, _ step) string {
	w.upheaval()
	w.platform.ExpireSessions()
	return "sessions expire"
}

func expireBearers(w *world, _ step) string {
	w.platform.ExpireBearers()
	return "bearers expire"
}

// platformClockJumps sets the platform's clock against everybody else's.
func platformClockJumps(w *world, s step) string {
	d := time.Duration(int(s.a)-128) * time.Minute
	w.upheaval()
	w.disturb()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drift += d
	return fmt.Sprintf("the platform's clock jumps by %s", d)
}

func (w *world) made(kind string) string {
	w.people++
	password := fmt.Sprintf("%s-%d-%d", kind, w.people, 7919*w.people)
	w.learn(password)
	return password
}

func (w *world) setPassword(password string) {
	w.disturb()
	w.platform.SetPassword(password)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byPerson = password
}

func personChangesPassword(w *world, s step) string {
	w.setPassword(w.made("portal"))
	if s.a&1 != 0 {
		w.platform.Credentials().Set(w.platform.Username(), w.platform.Password())
		return "a person changes the password, and the credentials with it"
	}
	return "a person changes the password on the platform alone"
}

func personTellsPassword(w *world, _ step) string {
	w.disturb()
	w.platform.Credentials().Set(w.platform.Username(), w.platform.Password())
	return "a person puts the right password into the credentials"
}

func personMistypes(w *world, _ step) string {
	w.disturb()
	w.setAside()
	w.platform.Credentials().Set(w.platform.Username(), w.made("typo"))
	return "a person puts a wrong password into the credentials"
}

func personRevertsPassword(w *world, _ step) string {
	w.setAside()
	w.setPassword(w.platform.Credentials().Password())
	return "a person makes the platform's password that of the credentials"
}

// setAside is a person who keeps the password that he overwrites.
func (w *world) setAside() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handedOut[w.platform.Credentials().Password()] = true
}

func personRearms(w *world, _ step) string {
	err := w.admin.client.Rearm(w.t.Context(), session.OneAttempt)
	if err != nil {
		return fmt.Sprintf("a person asks for one attempt: %v", err)
	}
	w.disturb()
	w.allowOne()
	return "a person allows one attempt"
}

func (w *world) allowOne() {
	n := w.platform.Counters()
	w.one, w.accepted = true, n.LoginsAccepted
}

// personClears has the platform's counter set to zero and says so.
func personClears(w *world, _ step) string {
	w.disturb()
	w.platform.ClearStrikes()
	if err := w.admin.client.Rearm(w.t.Context(), session.CounterCleared); err != nil {
		return fmt.Sprintf("a person has the counter cleared: %v", err)
	}
	w.one = w.record.read().OneAttempt
	return "a person has the counter cleared"
}
