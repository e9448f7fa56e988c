package ledger

import "time"

// rules are what the model runs on: the real transitions, and what a process owes to them. Tests of
// the search take one rule away.
type rules struct {
	beginLogin     func(Record, Claim) (Record, Verdict)
	beginRotation  func(Record, Claim) (Record, Verdict)
	sendReset      func(Record, string) (Record, bool)
	settleLogin    func(Record, Attempt, Answer) (Record, Settlement)
	settleRotation func(Record, Attempt, Answer) Record
	saved          func(Record, string) (Record, bool)
	cancel         func(Record, Attempt) Record
	settleProbe    func(Record, string, bool, time.Time, time.Duration) Record
	allowOne       func(Record) (Record, bool)
	cleared        func(Record, time.Time) Record
	beginLogout    func(Record) Record
	drop           func(Record, string, uint64) (Record, bool)

	sendsLate    bool // a process does not look at its deadline before it sends
	savesBlindly bool // a process saves without comparing what is there
}

func theRules() rules {
	return rules{
		beginLogin:     Record.BeginLogin,
		beginRotation:  Record.BeginRotation,
		sendReset:      Record.SendReset,
		settleLogin:    Record.SettleLogin,
		settleRotation: Record.SettleRotation,
		saved:          Record.Saved,
		cancel:         Record.Cancel,
		settleProbe:    Record.SettleProbe,
		allowOne:       Record.AllowOne,
		cleared:        Record.Cleared,
		beginLogout:    Record.BeginLogout,
		drop:           Record.Drop,
	}
}

// model says what may happen besides logins, crashes, pauses and lost answers.
type model struct {
	name      string
	start     []world
	rotations bool // processes with the credentials file rotate
	sessions  bool // processes keep the session of a login, and log out; without, they log in again and again
	outages   bool
	changes   bool  // a person changes the password at the platform, and tells a process or the file
	mistakes  bool  // a person gives a process a wrong password
	rearms    bool  // a person rearms
	coarse    bool  // what is reserved is sent at once, and a probe is one step: see another model for what lies between
	evasions  bool  // logins are sent in vain, or not at all, without being evaluated
	mishaps   uint8 // at most so many; 0: without limit
	unsure    bool  // a swap may hide whether it happened
	lies      bool  // the platform counts a login that its gateway calls not evaluated
	plainSave bool  // the credentials file can only be overwritten

	rules   rules
	laws    law // that are checked
	scratch scratch
	bad     law // broken by the last step
	goal    bool
	moved   bool // the last step moved the epoch
	short   bool // passwords had no names left somewhere
	after   world
}

// law is a set of laws.
type law uint16

const (
	threeStrikes  law = 1 << iota // G1: at most three failures between two successes, four with a person
	everyStrike                   // G1: the record lists all that the platform counts, and all it may count yet
	refusedOnce                   // G1: a password whose refusal is recorded is not sent again
	oneLogin                      // G2: no attempt begins beside another, or beside a session that works
	newerSession                  // G2: a session that works leaves the record only by its own end
	voidSession                   // a logout or rotation makes void what was under way
	rotationAlone                 // G4: no login is sent while a rotation may be
	retiredNever                  // G4: a password known to be replaced is not sent again
	neverLost                     // G4: a password that the platform made is held, saved, or said to be lost
	oneAnOutage                   // one login an outage
	onePermit                     // a person's permission serves once
	allLaws       law = 1<<iota - 1
)

var lawNames = map[law]string{
	threeStrikes:  "G1: more failed logins in a row than three, or four after a person allowed one",
	everyStrike:   "G1: the record lists less than the platform counted, or may count yet",
	refusedOnce:   "G1: a password is sent again after its refusal was recorded",
	oneLogin:      "G2: two logins where one serves",
	newerSession:  "G2: a working session vanished from the record",
	voidSession:   "a login that a logout or rotation had made void was published",
	rotationAlone: "G4: a login is sent while a rotation runs",
	retiredNever:  "G4: a password known to be replaced is sent again",
	neverLost:     "G4: a password that the platform made is lost, and nothing says so",
	oneAnOutage:   "an outage cost more than one login",
	onePermit:     "G1: one attempt was allowed, and more were made",
}

// breaks notes that a step breaks a law.
func (m *model) breaks(l law, if_ bool) {
	if if_ {
		m.bad |= l & m.laws
	}
}
