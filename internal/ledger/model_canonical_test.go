package ledger

import (
	"bytes"
	"slices"
)

// Worlds that differ only in the names of processes, passwords and attempts, or in numbers whose
// order is the same, are one. canonical renames; encode writes what is left.

// naming says what canonical has renamed, for the story of a violation.
type naming struct {
	proc     [procs]uint8 // new name by old
	password [wrong + 1]password
}

// forget clears what cannot matter any more.
func (m *model) forget(w *world) {
	for i := range w.proc {
		p := &w.proc[i]
		if p.phase == idle {
			p.hand, p.made, p.old, p.res, p.void, p.slot = 0, 0, 0, none, false, nobody
		}
	}
	for i := range w.slot {
		s := &w.slot[i]
		if s.wire || s.listed || w.holder(i) != nil {
			switch {
			case !s.wire && (w.holder(i) == nil || w.holder(i).phase != reserved):
				s.pw, s.person = 0, false
			case !s.wire:
				s.pw = 0
			case s.pw != w.right && w.holder(i) == nil:
				s.pw = wrong
			}
			if !s.listed {
				s.over, s.state = 0, 0
			}
			if s.over != 0 {
				s.state = 1 // how it ended is for people to read
			}
			if s.reset && !s.wire && w.holder(i) == nil {
				s.reset = false // that too
			}
			continue
		}
		*s = slot{}
		if w.mark.phase != 0 && w.mark.id == slotID(uint8(i)+1) {
			w.mark.id = deadMark
		}
		if w.lease == slotID(uint8(i)+1) {
			w.lease = deadID
		}
	}
	if w.mark.phase == 0 {
		w.mark = mark{}
	}
	if w.lease == 0 {
		w.leaseProbe = false
	}
	w.permit = w.permit && w.one
	for p := password(1); p <= passwords; p++ {
		// Who asks with a retired password is told so, and nothing else happens.
		if w.was.has(p) && w.retired.has(p) && w.mark.old != p {
			w.was.remove(p)
		}
	}
	keep := w.used()
	if m.anyPassword() {
		keep |= w.unused(keep)
	}
	for _, s := range []*set{&w.refused, &w.retired, &w.known, &w.rotated} {
		*s &= keep
	}
}

// unused are passwords that nobody has, but somebody may be given: one of each kind, since those of
// which the same is known are as good as one another.
func (w *world) unused(used set) (some set) {
	var kinds [16]bool
	for p := password(1); p <= passwords; p++ {
		kind := bit(w.refused.has(p), 0) | bit(w.retired.has(p), 1) | bit(w.known.has(p), 2) | bit(w.rotated.has(p), 3)
		if kind != 0 && !used.has(p) && !kinds[kind] {
			kinds[kind] = true
			some.add(p)
		}
	}
	return some
}

// ranks is what the numbers that order attempts are replaced by.
type ranks struct {
	begun [procs]struct {
		seq, rank uint8
		reset     bool
		mayWin    bool // a login that may be accepted yet: it is compared with what is over
	}
	count int
}

// collect takes the running attempts in the order they began.
func (k *ranks) collect(w *world) {
	for i := range w.proc {
		p := &w.proc[i]
		if p.slot == nobody {
			continue
		}
		s := &w.slot[p.slot-1]
		b := &k.begun[k.count]
		b.seq, b.reset = s.seq, s.reset
		b.mayWin = !s.reset &&
			(p.phase == reserved || p.phase == waiting && s.wire || p.res == accepted || p.res == acceptedLast)
		for j := k.count; j > 0 && k.begun[j-1].seq > k.begun[j].seq; j-- {
			k.begun[j-1], k.begun[j] = k.begun[j], k.begun[j-1]
		}
		k.count++
	}
}

// apart reports whether a number in this range keeps attempts before and after it apart.
func (w *world) apart(from, to uint8, mayWin bool) bool {
	in := func(n uint8) bool { return n != 0 && from <= n && n < to }
	if w.mark.phase != 0 && in(w.mark.seq) || w.hasSession && in(w.sessionSeq) {
		return true
	}
	if !mayWin {
		return false
	}
	for i := range w.slot {
		if in(w.slot[i].over) {
			return true
		}
	}
	return in(w.mark.over) || in(w.refusedSeq)
}

// rank numbers the running attempts anew, the same for those that nothing tells apart, and lowers
// everything that is compared with them.
func (m *model) rank(w *world) {
	var k ranks
	k.collect(w)
	rank, from := uint8(0), uint8(0)
	for i := range k.count {
		b := &k.begun[i]
		if i == 0 || m.sessions || b.reset || k.begun[i-1].reset || b.seq == w.seq || w.apart(from, b.seq, b.mayWin) {
			rank, from = rank+2, b.seq
		}
		b.rank = rank
	}
	place := func(n uint8) uint8 { // exact, or between
		at := uint8(1)
		for i := range k.count {
			switch b := &k.begun[i]; {
			case b.seq == n:
				return b.rank
			case b.seq < n:
				at = b.rank + 1
			}
		}
		return at
	}
	lower := func(n *uint8) {
		if *n == 0 {
			return
		}
		at := uint8(1)
		for i := range k.count {
			if b := &k.begun[i]; b.seq <= *n {
				at = b.rank
			}
		}
		*n = at
	}
	for i := range w.slot {
		s := &w.slot[i]
		lower(&s.over)
		switch {
		case *s == slot{}:
		case w.holder(i) != nil:
			s.seq = place(s.seq)
		default:
			s.seq = 0 // nothing is compared with it
		}
	}
	if w.mark.phase != 0 {
		w.mark.seq = place(w.mark.seq)
		lower(&w.mark.over)
	}
	if w.hasSession {
		w.sessionSeq = place(w.sessionSeq)
	}
	if w.refused == 0 {
		w.refusedSeq = 0
	}
	lower(&w.refusedSeq)
	w.seq = place(w.seq)
}

// rename gives passwords names by what they are, the one in force the first.
func (w *world) rename(n *naming) {
	var looks [wrong + 1]uint32
	w.look(&looks)
	used := w.used() | w.refused | w.retired | w.known | w.rotated
	var buffer [passwords]password
	order := buffer[:0]
	for p := password(1); p <= passwords; p++ {
		if used.has(p) && p != w.right {
			order = append(order, p)
		}
	}
	slices.SortStableFunc(order, func(a, b password) int { return int(int64(looks[b]) - int64(looks[a])) })
	n.password = [wrong + 1]password{}
	n.password[w.right] = 1
	for i, p := range order {
		n.password[p] = password(i) + 2
	}
	n.password[wrong] = wrong
	to := &n.password
	w.right, w.file = to[w.right], to[w.file]
	for i := range w.proc {
		p := &w.proc[i]
		p.env, p.hand, p.made, p.old = to[p.env], to[p.hand], to[p.made], to[p.old]
	}
	for i := range w.slot {
		w.slot[i].pw = to[w.slot[i].pw]
	}
	w.mark.old, w.mark.sealed = to[w.mark.old], to[w.mark.sealed]
	for _, s := range []*set{&w.refused, &w.retired, &w.known, &w.rotated, &w.was} {
		var renamed set
		for p := password(1); p <= passwords; p++ {
			if s.has(p) {
				renamed.add(to[p])
			}
		}
		*s = renamed
	}
}

// look tells passwords apart by their uses, without regard to the order of processes and attempts.
func (w *world) look(looks *[wrong + 1]uint32) {
	looks[w.file] += 0x9e3779b1
	looks[w.mark.old] += 0x85ebca77
	looks[w.mark.sealed] += 0xc2b2ae3d
	for i, s := range []set{w.refused, w.retired, w.known, w.rotated, w.was} {
		for p := password(1); p <= passwords; p++ {
			if s.has(p) {
				looks[p] += 0x27d4eb2f << (2*i + 1)
			}
		}
	}
	for i := range w.proc {
		p := &w.proc[i]
		h := uint32(p.phase)<<8 | uint32(p.res)<<4 | 1
		if p.slot != nobody {
			h |= uint32(w.slot[p.slot-1].seq)<<16 | bit32(p.void, 12)
		}
		looks[p.env] += h * 0x165667b1
		looks[p.hand] += h * 0x2c1b3c6d
		looks[p.made] += h * 0x297a2d39
		looks[p.old] += h * 0x7feb352d
	}
	for i := range w.slot {
		if s := &w.slot[i]; s.wire {
			looks[s.pw] += (uint32(s.seq)<<8 | uint32(s.state)<<4 | bit32(s.listed, 1) | 1) * 0x846ca68b
		}
	}
}

func bit32(b bool, at uint) uint32 { return uint32(bit(b, at%8)) << (at / 8 * 8) }

func bit(b bool, at uint) uint8 {
	if b {
		return 1 << at
	}
	return 0
}

type part [12]byte

func (w *world) slotBytes(s *slot, id byte, out []byte) {
	out[0] = s.seq | s.over<<4
	out[1] = s.pw | bit(s.reset, 3) | bit(s.listed, 4) | bit(s.person, 5) | bit(s.wire, 6)
	out[2] = s.state | bit(w.lease == id, 4) | bit(w.mark.phase != 0 && w.mark.id == id, 5)
}

func (w *world) procBytes(i int) (out part) {
	p := &w.proc[i]
	out[0] = uint8(p.phase) | bit(p.file, 7)
	out[1] = p.env | p.hand<<4
	out[2] = p.made | p.old<<4
	out[3] = uint8(p.res) | uint8(p.token)<<3 | bit(p.void, 5)
	out[4] = bit(p.slot != nobody, 0) | bit(w.lease == procID(i), 1) | bit(w.mark.phase != 0 && w.mark.id == procID(i), 2) |
		bit(p.gone, 3)
	if p.slot != nobody {
		w.slotBytes(&w.slot[p.slot-1], slotID(p.slot), out[5:])
	}
	return out
}

// canonical puts processes and attempts in order and writes the world's name, which is all that is
// kept of it.
func (m *model) canonical(w *world, n *naming, buf []byte) []byte {
	m.forget(w)
	m.rank(w)
	w.rename(n)
	var parts [procs]part
	order := [procs]int{}
	for i := range w.proc {
		parts[i], order[i] = w.procBytes(i), i
	}
	for i := 1; i < procs; i++ {
		for j := i; j > 0 && bytes.Compare(parts[order[j-1]][:], parts[order[j]][:]) > 0; j-- {
			order[j-1], order[j] = order[j], order[j-1]
		}
	}
	for to, from := range order {
		n.proc[from] = uint8(to)
	}
	var orphans [slots]part
	count := 0
	for i := range w.slot {
		if s := &w.slot[i]; (s.listed || s.wire) && w.holder(i) == nil {
			w.slotBytes(s, slotID(uint8(i)+1), orphans[count][:])
			count++
		}
	}
	slices.SortFunc(orphans[:count], func(a, b part) int { return bytes.Compare(a[:3], b[:3]) })

	buf = append(buf,
		w.fails|bit(w.made, 3)|bit(w.down, 4)|bit(w.session, 5),
		w.file|w.outage<<4|w.allowed<<6, w.mishaps, w.seq|w.refusedSeq<<4,
		bit(w.lease == deadID, 0)|bit(w.leaseProbe, 1)|bit(w.permit, 2)|bit(w.owed, 3)|bit(w.one, 4)|w.freed<<5,
		uint8(w.refused), uint8(w.retired), uint8(w.known), uint8(w.rotated), uint8(w.was),
		w.sessionSeq|bit(w.hasSession, 4), uint8(count),
	)
	if k := &w.mark; k.phase != 0 {
		buf = append(buf, k.phase|bit(k.id == deadMark, 3)|bit(k.rival, 6),
			k.seq|k.over<<4, k.old, k.sealed)
	} else {
		buf = append(buf, 0)
	}
	for _, from := range order {
		end := 5
		if parts[from][4]&1 != 0 {
			end = 8
		}
		buf = append(buf, parts[from][:end]...)
	}
	for i := range count {
		buf = append(buf, orphans[i][:3]...)
	}
	return buf
}

// parse is the world of a name.
func parse(b []byte) (w world) {
	w.right = 1
	w.fails, w.made, w.down, w.session = b[0]&7, b[0]>>3&1 == 1, b[0]>>4&1 == 1, b[0]>>5&1 == 1
	w.file, w.outage, w.allowed, w.mishaps = b[1]&15, b[1]>>4&3, b[1]>>6, b[2]
	b = b[1:]
	w.seq, w.refusedSeq = b[2]&15, b[2]>>4
	if b[3]&1 == 1 {
		w.lease = deadID
	}
	w.leaseProbe, w.permit, w.owed, w.one, w.freed = b[3]>>1&1 == 1, b[3]>>2&1 == 1, b[3]>>3&1 == 1, b[3]>>4&1 == 1, b[3]>>5
	w.refused, w.retired, w.known, w.rotated = set(b[4]), set(b[5]), set(b[6]), set(b[7])
	w.was = set(b[8])
	w.sessionSeq, w.hasSession = b[9]&15, b[9]>>4&1 == 1
	count := int(b[10])
	b = b[11:]
	if b[0] != 0 {
		k := &w.mark
		k.phase, k.rival = b[0]&7, b[0]>>6&1 == 1
		if b[0]>>3&1 == 1 {
			k.id = deadMark
		}
		k.seq, k.over, k.old, k.sealed = b[1]&15, b[1]>>4, b[2], b[3]
		b = b[4:]
	} else {
		b = b[1:]
	}
	for i := range w.proc {
		p := &w.proc[i]
		p.phase, p.file = phase(b[0]&127), b[0]>>7 == 1
		p.env, p.hand, p.made, p.old = b[1]&15, b[1]>>4, b[2]&15, b[2]>>4
		p.res, p.token, p.void = result(b[3]&7), token(b[3]>>3&3), b[3]>>5&1 == 1
		p.gone = b[4]>>3&1 == 1
		if b[4]>>1&1 == 1 {
			w.lease = procID(i)
		}
		if b[4]>>2&1 == 1 {
			w.mark.id = procID(i)
		}
		if b[4]&1 == 0 {
			b = b[5:]
			continue
		}
		p.slot = uint8(i) + 1
		w.parseSlot(i, b[5:])
		b = b[8:]
	}
	for i := range count {
		w.parseSlot(procs+i, b)
		b = b[3:]
	}
	return w
}

func (w *world) parseSlot(i int, b []byte) {
	w.slot[i] = slot{
		seq: b[0] & 15, over: b[0] >> 4, pw: b[1] & 7, reset: b[1]>>3&1 == 1, listed: b[1]>>4&1 == 1, person: b[1]>>5&1 == 1, wire: b[1]>>6&1 == 1, state: b[2] & 15,
	}
	if b[2]>>4&1 == 1 {
		w.lease = slotID(uint8(i) + 1)
	}
	if b[2]>>5&1 == 1 {
		w.mark.id = slotID(uint8(i) + 1)
	}
}
