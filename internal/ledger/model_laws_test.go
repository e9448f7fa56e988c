package ledger

// judge checks the laws that a world alone can break.
func (m *model) judge(w *world) {
	lies := uint8(0)
	if m.lies {
		lies = MaxFreed
	}
	m.breaks(threeStrikes, w.fails-w.allowed > Limit+lies || w.fails > HardLimit+lies)
	m.breaks(everyStrike, !m.lies && w.uncounted())
	m.breaks(neverLost, w.silentlyLost())
}

// uncounted reports whether the platform's counter, and what may still arrive there, is more than the
// record lists.
func (w *world) uncounted() bool {
	listed, coming := uint8(0), uint8(0)
	for i := range w.slot {
		if w.slot[i].listed {
			listed++
		}
		if w.slot[i].wire && w.slot[i].pw != w.right {
			coming++
		}
	}
	return w.fails+coming > listed
}

// silentlyLost reports whether nobody has the password that the platform made, and the record does
// not say that it may have made one.
func (w *world) silentlyLost() bool {
	if !w.made || w.file == w.right {
		return false
	}
	for i := range w.proc {
		// An answer that has only just arrived counts as lost on its way: it may be.
		if p := &w.proc[i]; p.made == w.right && p.phase != told {
			return false
		}
	}
	switch w.mark.phase {
	case provingMark:
		return !w.mark.rival // it stands for the older one's doubt too
	case sendingMark, doubtMark, lostMark, settledMark:
		return false
	case savingMark:
		return w.mark.sealed != w.right
	default:
		return true
	}
}

// saysWhatHelps reports a record that tells a person what to do: a password is lost, and support must set
// another; the one in the file is refused, and the right one must be put there; the strikes are used up,
// where the models in which a person rearms go on.
func (w *world) saysWhatHelps() bool {
	listed := 0
	for i := range w.slot {
		if w.slot[i].listed {
			listed++
		}
	}
	running := w.mark.phase != 0 && w.mark.phase < doubtMark // it would tell to wait
	return w.mark.phase == lostMark || listed >= Limit || w.refused.has(w.file) && !running
}

// next are all the worlds one step away.
func (m *model) next(w *world, found func(action, *world)) {
	after := &m.after
	try := func(a action, apply func(*world, action) bool) {
		*after = *w
		m.bad, m.goal = 0, false
		if apply(after, a) && m.mishap(a, after) {
			m.judge(after)
			found(a, after)
		}
	}
	agers := w.mayAge()
	subsets := uint16(1) << agers.count
	for i := range uint8(procs) {
		p := &w.proc[i]
		if p.gone {
			continue
		}
		if p.phase == idle {
			m.begins(w, i, subsets, try)
			m.idles(i, try)
		}
		if p.phase != idle || p.token != noToken {
			m.goesOn(i, try)
		}
	}
	for i := range uint8(slots) {
		if w.slot[i].wire {
			for how := range uint16(3) {
				try(action{deliver, i, how}, m.environment)
			}
		}
	}
	try(action{outageBegins, 0, 0}, m.environment)
	try(action{outageEnds, 0, 0}, m.environment)
	for _, k := range []kind{changePassword, allowOne} {
		try(action{k, 0, 0}, m.personAction)
	}
	if m.changes {
		try(action{tellFile, 0, 0}, m.personAction)
	}
	for old := range subsets {
		try(action{counterCleared, 0, old}, m.personAction)
	}
	try(action{sessionDies, 0, 0}, m.sessionAction)
}

// mishap counts what goes wrong, where that is bounded.
func (m *model) mishap(a action, w *world) bool {
	if m.mishaps == 0 {
		return true
	}
	switch a.kind {
	case crash, timeOut, garbled, keep, changePassword, allowOne, counterCleared, outageBegins:
		w.mishaps++
	case armReset, settle, cancelled, probeSettled, clear_, clearFinished:
		if a.how&unsure != 0 {
			w.mishaps++
		}
	case beginLogin, beginRotation:
		if a.how&(lapsedLease|lapsedMark) != 0 {
			w.mishaps++
		}
	default:
	}
	return w.mishaps <= m.mishaps
}

// tryBoth tries an action on a login and on a rotation, and with a swap that hides whether it happened.
func (m *model) tryBoth(a action, try attemptStep) {
	try(a, m.loginAction)
	if m.rotations {
		try(a, m.rotationAction)
	}
	if !m.unsure {
		return
	}
	switch a.kind {
	case armReset, settle, cancelled, timeOut, garbled, probeSettled, clear_, clearFinished:
		a.how |= unsure
		try(a, func(w *world, a action) bool { return m.unsureStep(w, a, m.loginAction) })
		if m.rotations {
			try(a, func(w *world, a action) bool { return m.unsureStep(w, a, m.rotationAction) })
		}
	default:
	}
}

type attemptStep = func(action, func(*world, action) bool)

// begins asks the record in every way.
func (m *model) begins(w *world, i uint8, subsets uint16, try attemptStep) {
	with := uint16(0)
	if w.lease != 0 {
		with |= lapsedLease
	}
	if w.mark.phase != 0 && w.mark.phase <= savingMark {
		with |= lapsedMark
	}
	if w.mark.phase == savingMark && w.proc[i].file {
		with |= canSave
	}
	may := m.credentials(w, int(i))
	for how := range uint16(flags + 1) {
		if how&^with != 0 {
			continue
		}
		for hand := password(1); hand <= wrong; hand++ {
			if !may.has(hand) {
				continue
			}
			for old := range subsets {
				how := how | uint16(hand)*asks | old*ages
				try(action{beginLogin, i, how}, m.loginAction)
				if m.rotations {
					try(action{beginRotation, i, how}, m.rotationAction)
				}
			}
		}
	}
}

// idles is what a process without an attempt can do.
func (m *model) idles(i uint8, try attemptStep) {
	for k := tokenRefused; k <= beginLogout; k++ {
		try(action{k, i, 0}, m.sessionAction)
	}
}

// goesOn is what a process does about what it has begun.
func (m *model) goesOn(i uint8, try attemptStep) {
	try(action{crash, i, 0}, m.loginAction)
	for k := armReset; k < save; k++ {
		for how := range uint16(2) {
			a := action{k, i, how}
			if how == 1 && k != settle && k != cancelled && k != probeSettled {
				continue
			}
			m.tryBoth(a, try)
		}
	}
	if m.rotations {
		for _, k := range []kind{clear_, clearFinished} {
			m.tryBoth(action{k, i, 0}, try)
		}
	}
	if m.rotations {
		try(action{save, i, 0}, m.rotationAction)
		try(action{finish, i, 0}, m.rotationAction)
	}
	try(action{endLogout, i, 0}, m.sessionAction)
}
