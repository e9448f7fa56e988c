package ledger

import "time"

// The model: three processes, the real transitions, and an abstract platform. A world is everything
// that matters at one moment. It is a plain value, so that a step copies it and changes the copy.

const (
	procs    = 3
	slots    = 12 // attempts that somebody still remembers: the record, the wire or their own process
	nobody   = 0
	lockedAt = 5 // the platform's limit (documented)
)

// password is a name for one, 0 for none. The model knows six at a time, and reuses the names of those
// that nobody can send any more. The seventh is any that is not right and never will be, on its way
// from a process that does not wait for the answer.
type password = uint8

const (
	passwords = 6
	wrong     = passwords + 1
)

type set uint8 // of passwords

func (s set) has(p password) bool { return p != 0 && s>>p&1 == 1 }
func (s *set) add(p password)     { *s |= 1 << p }
func (s *set) remove(p password)  { *s &^= 1 << p }

// phase is where a process is between two of its steps. A crash leads from each of them to idle.
type phase uint8

const (
	idle      phase = iota
	reserved        // its login is listed, and not sent yet
	waiting         // sent
	answered        // the answer has arrived
	probing         // holds the lease for a probe
	probed          // the platform answered the probe
	marked          // its rotation mark is set, saving is not proved yet
	armed           // the mark says that the reset may be on its way, it is not sent yet
	resetting       // sent
	told            // the answer has arrived
	keeping         // accepted; the new password is to be saved
	looked          // plain Save only: has looked whether it may overwrite
	kept            // saved, the mark is to be cleared
	finishing       // has taken over somebody's saving mark
	finished        // saved, the mark is to be cleared
	ending          // a logout that has made void what is under way
	ended           // and has told the platform
	phases
)

type result uint8

const (
	none result = iota
	accepted
	refused
	unevaluated
	acceptedLast // accepted, and no login after it: its session is the one that lives
)

// token is how a process's session relates to the one in the record.
type token uint8

const (
	noToken token = iota // or an older one
	theToken
	refusedToken // it is the one in the record, and the platform refused it
)

type proc struct {
	gone  bool     // takes no part
	file  bool     // reads and writes the shared credentials file
	env   password // else it has one of its own; 0 where it may be given any at any time
	phase phase
	slot  uint8    // its attempt's, plus one
	hand  password // what it has loaded, and sent
	made  password // the new password it was told, or found sealed
	old   password // of the saving mark it took over
	res   result
	void  bool // the epoch moved since its attempt began
	token token
}

// slot is an attempt.
type slot struct {
	seq    uint8
	over   uint8
	pw     password // of the request on the wire
	reset  bool
	listed bool
	state  uint8 // pending, unknown, refused
	wire   bool  // the request is on its way
	person bool  // a person allowed it
}

type mark struct {
	id     byte
	seq    uint8
	over   uint8
	phase  uint8 // index into markPhases, 0: no mark
	old    password
	sealed password
	rival  bool
}

var (
	markPhases = []Phase{"", Proving, Sending, Saving, Doubt, Lost, Settled}
	states     = []State{Pending, Unknown, Refused}
)

type world struct {
	// The platform. The password in force has the name 1 in every canonical world.
	right   password
	fails   uint8 // in a row since the last success
	made    bool  // the password in force is the platform's own
	down    bool
	session bool // the session in the record is alive

	file password // in the credentials file
	was  set      // earlier in the credentials file, and what a process may have read

	// The record.
	seq        uint8
	lease      byte
	leaseProbe bool
	mark       mark
	refused    set
	refusedSeq uint8
	retired    set
	owed       bool
	one        bool
	freed      uint8
	hasSession bool
	sessionSeq uint8

	proc [procs]proc
	slot [slots]slot

	// What the laws remember.
	allowed uint8 // failures of attempts that a person allowed
	permit  bool  // a person allowed an attempt, and it was not made yet
	mishaps uint8
	outage  uint8 // logins sent since the platform went down
	known   set   // the refusal of these is recorded
	rotated set   // these are known to be replaced
}

// Ids in the record. A slot's attempt is named by its number, what has no attempt by its process.
const (
	deadID   = 'x'
	deadMark = 'y'
)

func slotID(s uint8) byte { return '0' + s } // s counts from one
func procID(i int) byte   { return 'A' + byte(i) }

var (
	now  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	past = now.Add(-max(OnTheWire, ResetOnTheWire))

	idText   [128]string
	passText [passwords + 1]string
)

func init() {
	for i := range idText {
		idText[i] = string(rune(i))
	}
	for i := range passText {
		passText[i] = string(rune('0' + i))
	}
}

func textPassword(s string) password {
	if s == "" {
		return 0
	}
	return s[0] - '0'
}

// free is a slot nobody uses, plus one.
func (w *world) free() uint8 {
	var held [slots]bool
	for i := range w.proc {
		if s := w.proc[i].slot; s != nobody {
			held[s-1] = true
		}
	}
	for i := range w.slot {
		if s := &w.slot[i]; !s.listed && !s.wire && !held[i] {
			return uint8(i) + 1
		}
	}
	panic("more attempts than the model has room for")
}

// holder is the process whose attempt it is, or nil.
func (w *world) holder(s int) *proc {
	for i := range w.proc {
		if int(w.proc[i].slot) == s+1 {
			return &w.proc[i]
		}
	}
	return nil
}

// used is the set of passwords that somebody can still send, see or save.
func (w *world) used() set {
	var u set
	u.add(w.right)
	u.add(w.file)
	for i := range w.proc {
		p := &w.proc[i]
		u.add(p.env)
		u.add(p.hand)
		u.add(p.made)
		u.add(p.old)
	}
	for i := range w.slot {
		if s := &w.slot[i]; s.wire && s.pw != wrong {
			u.add(s.pw)
		}
	}
	u.add(w.mark.old)
	u.add(w.mark.sealed)
	return (u | w.was) &^ 1
}

// fresh is a password nobody ever had, 0 if the model has no name left: then the step is left out, and
// the search says so.
func (m *model) fresh(w *world) password {
	u := w.used() | w.refused | w.retired | w.known | w.rotated
	for p := password(1); p <= passwords; p++ {
		if !u.has(p) {
			return p
		}
	}
	m.short = true
	return 0
}
