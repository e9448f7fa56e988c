package clientfuzz

import (
	"errors"
	"net/http"
	"time"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/session"
)

// heal is the end of a program: nothing goes wrong any more, and whoever is needed does his part. Then
// every process works again.
func (w *world) heal() {
	w.platform.ClearFaults()
	w.healCredentials()
	for _, p := range w.all {
		p.mu.Lock()
		p.fuse, p.rest, p.store = -1, -1, nil
		p.mu.Unlock()
		p.goOn()
	}
	w.quiet()
	time.Sleep(ledger.ResetOnTheWire + time.Minute) // what is on its way still arrives
	w.check()
	for i, p := range w.procs {
		if !p.undisturbed(p.pauses()) {
			w.procs[i] = w.open("late")
		}
	}
	c := w.platform.Credentials()
	alone := c.Password() == w.platform.Password() && !w.noProbe
	if !alone {
		c.Set(w.platform.Username(), w.platform.Password())
	}
	r := w.record.read()
	strikes := len(r.Strikes)
	if r.Freed >= ledger.MaxFreed {
		strikes += 2 // no attempt is given back any more, and two may be refused for their bearers: its own, and the record's
	}
	alone = alone && strikes < ledger.Limit && r.Rotation == nil && len(r.Refused) == 0
	for _, p := range w.procs {
		w.mend(p, alone)
	}
	w.quiet()
	w.check()
	if n := w.platform.Counters(); n.Strikes != 0 {
		w.problem("heals: %d strikes after everybody has logged in", n.Strikes)
	}
}

// quiet waits until no operation runs.
func (w *world) quiet() {
	for range 2 * int(forEver/time.Minute) {
		w.mu.Lock()
		running := w.running
		w.mu.Unlock()
		if running == 0 {
			return
		}
		time.Sleep(time.Minute)
	}
	w.problem("G5 nobody waits for nothing: %d operations do not end", w.running)
}

// mend lets a process try until it works, with a person's help where that is what is said.
func (w *world) mend(p *process, alone bool) {
	var err error
	for minute := range 90 {
		w.cause()
		if _, err = p.client.Login(w.t.Context()); err == nil {
			if err = p.ask(w.t.Context(), http.MethodGet, ""); err == nil {
				return
			}
		}
		w.judgeError("request", err)
		if errors.Is(err, session.ErrLatched) {
			if alone {
				break
			}
			switch minute % 6 {
			case 0:
				w.platform.ClearStrikes()
				_ = w.admin.client.Rearm(w.t.Context(), session.CounterCleared)
			case 1:
				w.platform.Credentials().Set(w.platform.Username(), w.platform.Password())
			case 3:
				w.allowOne()
				_ = w.admin.client.Rearm(w.t.Context(), session.OneAttempt)
			case 5: // one that was rotated away is not taken again
				w.setPassword(w.made("portal"))
				w.platform.Credentials().Set(w.platform.Username(), w.platform.Password())
			}
		}
		time.Sleep(time.Minute)
	}
	w.problem("heals: %s does not (alone: %v): %v", p, alone, err)
}

// end closes every client there was; whoever leaves a goroutine behind makes the bubble panic.
func (w *world) end() {
	w.platform.ClearFaults()
	for _, p := range w.all {
		p.mu.Lock()
		p.fuse, p.rest = -1, -1
		p.mu.Unlock()
		p.goOn()
	}
	for _, p := range w.all {
		if err := p.client.Close(); err != nil && !p.isDead() {
			w.problem("close: %s: %v", p, err)
		}
		p.kill()
	}
	w.logs.again()
	if line := w.logs.betrayal(w.betrays); line != "" {
		w.problem("secret: a log line or event holds one: %s", line)
	}
}
