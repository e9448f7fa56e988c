package sessiontest

import "time"

// Counters is what has happened since the platform was made or reset. Requests are counted when they
// arrive, whatever becomes of them; those that a fault keeps from arriving are not.
type Counters struct {
	Requests       int // all of them
	OAuth          int // requests to the token endpoint
	Revokes        int // requests to the revocation endpoint
	Logins         int // requests to the login endpoint
	Logouts        int // requests to the logout endpoint
	Resets         int // requests to the password reset endpoint
	Resources      int // requests to other paths below /m2m/
	Elsewhere      int // requests to anything else
	FaultsInjected int // requests that met a fault, those that did not arrive included

	BearersServed   int // bearers handed out, the shared one each time
	BearersIssued   int // different bearers made
	BearersRefused  int // requests without a good bearer
	ClientsRefused  int // wrong pairs of key and secret
	LoginsAccepted  int // sessions started
	LoginsRefused   int // wrong passwords, unknown and locked users
	LockedOut       int // logins and resets that met a locked user
	Lockouts        int // times a user was locked by strikes
	SessionsRefused int // requests without a good session token that want one
	SessionsEnded   int // logouts that ended a session
	ResetsDone      int // passwords replaced
	ResetsRefused   int // resets with a wrong oldPassword or of a locked user

	Strikes       int  // consecutive failed logins now, of the user who has most
	MaxStrikes    int  // the most there ever were
	Locked        bool // a user is locked
	SessionsAlive int  // sessions that are good now

	MisplacedSecrets int      // requests with a secret where none belongs: path, query, another header
	Cookies          int      // requests with a Cookie header
	UnknownHeaders   []string // names of headers that the platform does not know, sorted
}

// Entry is one request in the journal. It holds no secret, no query and no body.
type Entry struct {
	Number   int // from 1
	At       time.Time
	Endpoint Endpoint
	Method   string
	Path     string // below the base
	Status   int    // of the answer, whether it arrived or not; 0 if there was none (yet)
	Code     string // error code of the answer
	Fault    Kind   // what was made to go wrong
}
