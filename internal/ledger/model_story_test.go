package ledger

import (
	"fmt"
	"strings"
)

// story tells how a world is reached, with the names that processes and passwords had at the start.
func (s *search) story(to uint32, last *action) string {
	start, steps := s.path(to)
	if last != nil {
		steps = append(steps, *last)
	}
	w := parse(start)
	t := teller{process: [procs]string{"A", "B", "C"}}
	t.password[1] = "the right password"
	var b strings.Builder
	fmt.Fprintf(&b, "  start: %s\n", t.people(&w))
	for n, a := range steps {
		before := w
		var after world
		var bad law
		s.m.next(&w, func(did action, then *world) {
			if did == a {
				after, bad = *then, s.m.bad
			}
		})
		fmt.Fprintf(&b, "  %2d. %s\n", n+1, t.tell(a, &before, &after))
		fmt.Fprintf(&b, "      %s\n", t.describe(&after))
		for l, name := range lawNames {
			if bad&l != 0 {
				fmt.Fprintf(&b, "      ** %s\n", name)
			}
		}
		w = t.follow(s.m, after)
	}
	return b.String()
}

// teller keeps the names through the renaming of each step.
type teller struct {
	process  [procs]string
	password [wrong + 1]string
	made     int
}

func (t *teller) name(p password) string {
	if p == 0 {
		return "-"
	}
	if p == wrong {
		return "a wrong password"
	}
	if t.password[p] == "" {
		t.made++
		t.password[p] = fmt.Sprintf("password %d", t.made)
	}
	return t.password[p]
}

func (t *teller) follow(m *model, w world) world {
	var n naming
	name := m.canonical(&w, &n, nil)
	processes, names := t.process, t.password
	for from, to := range n.proc {
		t.process[to] = processes[from]
	}
	t.password = [wrong + 1]string{}
	for from, to := range n.password {
		if to != 0 {
			t.password[to] = names[from]
		}
	}
	return parse(name)
}

func (t *teller) people(w *world) string {
	var parts []string
	for i := range w.proc {
		if w.proc[i].file {
			parts = append(parts, t.process[i]+" reads the file")
		} else {
			parts = append(parts, t.process[i]+" has "+t.name(w.proc[i].env))
		}
	}
	if w.file != 0 {
		parts = append(parts, "the file has "+t.name(w.file))
	}
	return strings.Join(parts, ", ")
}

var phaseNames = [phases]string{
	"idle", "reserved", "waiting", "answered", "probing", "probed", "marked", "armed", "resetting", "told", "keeping",
	"looked", "kept", "finishing", "finished", "ending", "ended",
}

// describe is a world in one line.
func (t *teller) describe(w *world) string {
	var b strings.Builder
	fmt.Fprintf(&b, "failures %d;", w.fails)
	for i := range w.slot {
		s := &w.slot[i]
		if !s.listed && !s.wire {
			continue
		}
		fmt.Fprintf(&b, " [%d", s.seq)
		if s.listed {
			fmt.Fprintf(&b, " %s", states[s.state])
		}
		for text, is := range map[string]bool{" reset": s.reset, " over": s.over != 0, " on the wire": s.wire} {
			if is {
				b.WriteString(text)
			}
		}
		b.WriteString("]")
	}
	if w.mark.phase != 0 {
		fmt.Fprintf(&b, " mark %d %s of %s", w.mark.seq, markPhases[w.mark.phase], t.name(w.mark.old))
	}
	if w.lease != 0 {
		b.WriteString(" lease")
	}
	if w.owed {
		b.WriteString(" probe owed")
	}
	fmt.Fprintf(&b, "; right is %s", t.name(w.right))
	if w.file != 0 {
		fmt.Fprintf(&b, ", file has %s", t.name(w.file))
	}
	for i := range w.proc {
		p := &w.proc[i]
		fmt.Fprintf(&b, "; %s %s", t.process[i], phaseNames[p.phase])
	}
	return b.String()
}

var actionNames = [kinds]string{
	beginLogin: "asks for a login", beginRotation: "asks for a rotation",
	armReset: "has proved that saving works", send: "sends", settle: "records the answer", cancelled: "gives up before sending", timeOut: "gives up waiting, outcome unknown",
	garbled: "records an answer that says nothing", probeAnswered: "has its probe answered",
	probeSettled: "records the probe", keep: "cannot record the acceptance", look: "looks at the file before overwriting it",
	save: "saves the new password", clear_: "clears the mark", finish: "saves what the dead process could not",
	clearFinished: "clears the mark it took over", crash: "is killed",
	outageBegins: "the platform goes down", outageEnds: "the platform comes back", changePassword: "a person changes the password at the platform",
	tellFile: "a person writes it to the file",
	allowOne: "a person allows one attempt", counterCleared: "a person has the account unlocked, and says so",
	sessionDies: "the session dies", tokenRefused: "has its session refused", adopt: "adopts the session in the record",
	beginLogout: "begins to log out", endLogout: "goes on logging out",
}

// tell is a step in words.
func (t *teller) tell(a action, before, after *world) string {
	switch a.kind {
	case deliver:
		s := &before.slot[a.who]
		what := fmt.Sprintf("attempt %d arrives with %s", s.seq, t.name(s.pw))
		switch {
		case a.how == 1:
			return what + " and is not evaluated"
		case a.how == 2:
			return what + ", is counted, and is said not to be evaluated"
		case after.fails > before.fails:
			return what + " and is refused"
		}
		return what + " and is accepted"
	case outageBegins, outageEnds, changePassword, tellFile, allowOne, counterCleared, sessionDies:
		return actionNames[a.kind]
	default:
		name := t.process[a.who] + " " + actionNames[a.kind]
		if a.kind > beginRotation && a.how&unsure != 0 {
			name += ", and the store does not say whether it did,"
		}
		p := &before.proc[a.who]
		switch a.kind {
		case settle:
			name += " (" + []string{"none", "accepted", "refused", "not evaluated", "accepted"}[p.res] + ")"
		case beginLogin, beginRotation:
			name += " with " + t.name(asked(a.how)) + ": " + phaseNames[after.proc[a.who].phase]
			for what, is := range map[string]bool{
				"the lease has lapsed": a.how&lapsedLease != 0, "the mark has lapsed": a.how&lapsedMark != 0, "long after": a.how >= ages,
			} {
				if is {
					name += " (" + what + ")"
				}
			}
		default:
		}
		return name
	}
}
