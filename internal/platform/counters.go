package platform

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// Counters is what has happened since the platform was made or reset. Requests are counted when they
// arrive, whatever becomes of them; those that a fault keeps from arriving are not.
type Counters struct {
	Requests       int `json:"requests"`       // all of them
	OAuth          int `json:"oauth"`          // requests to the token endpoint
	Revokes        int `json:"revokes"`        // requests to the revocation endpoint
	Logins         int `json:"logins"`         // requests to the login endpoint
	Logouts        int `json:"logouts"`        // requests to the logout endpoint
	Resets         int `json:"resets"`         // requests to the password reset endpoint
	Resources      int `json:"resources"`      // requests to other paths below /m2m/
	Elsewhere      int `json:"elsewhere"`      // requests to anything else
	FaultsInjected int `json:"faultsInjected"` // requests that met a fault, those that did not arrive included

	BearersServed   int `json:"bearersServed"`   // bearers handed out, the shared one each time
	BearersIssued   int `json:"bearersIssued"`   // different bearers made
	BearersRefused  int `json:"bearersRefused"`  // requests without a good bearer
	ClientsRefused  int `json:"clientsRefused"`  // wrong pairs of key and secret
	LoginsAccepted  int `json:"loginsAccepted"`  // sessions started
	LoginsRefused   int `json:"loginsRefused"`   // wrong passwords, unknown and locked users
	LockedOut       int `json:"lockedOut"`       // logins and resets that met a locked user
	Lockouts        int `json:"lockouts"`        // times a user was locked by strikes
	SessionsRefused int `json:"sessionsRefused"` // requests without a good session token that want one
	SessionsEnded   int `json:"sessionsEnded"`   // logouts that ended a session
	ResetsDone      int `json:"resetsDone"`      // passwords replaced
	ResetsRefused   int `json:"resetsRefused"`   // resets with a wrong oldPassword or of a locked user

	Strikes       int  `json:"strikes"`       // consecutive failed logins now, of the user who has most
	MaxStrikes    int  `json:"maxStrikes"`    // the most there ever were
	Locked        bool `json:"locked"`        // a user is locked
	SessionsAlive int  `json:"sessionsAlive"` // sessions that are good now

	MisplacedSecrets int      `json:"misplacedSecrets"` // requests with a secret where none belongs: path, query, another header
	Cookies          int      `json:"cookies"`          // requests with a Cookie header
	UnknownHeaders   []string `json:"unknownHeaders"`   // names of headers that the platform does not know, sorted
}

// Counters returns the counters as they stand.
func (p *Platform) Counters() Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counters
	for _, u := range p.users {
		c.Strikes = max(c.Strikes, u.strikes)
		c.Locked = c.Locked || u.locked
	}
	for _, s := range p.sessions {
		if p.age(s); s.state == sessionAlive {
			c.SessionsAlive++
		}
	}
	c.UnknownHeaders = slices.Sorted(maps.Keys(p.headers))
	return c
}

// Entry is one request in the journal. It holds no secret, no query and no body.
type Entry struct {
	Number   int       `json:"number"` // from 1
	At       time.Time `json:"at"`
	Endpoint Endpoint  `json:"endpoint"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`             // below the base
	Status   int       `json:"status,omitempty"` // of the answer, whether it arrived or not; 0 if there was none (yet)
	Code     string    `json:"code,omitempty"`   // error code of the answer
	Fault    Kind      `json:"fault,omitempty"`  // what was made to go wrong
}

// journal is a ring of the newest entries.
type journal struct {
	ring []Entry
	last int // number of the newest
}

func (j *journal) add(e Entry) int {
	j.last++
	e.Number = j.last
	if len(j.ring) < cap(j.ring) {
		j.ring = append(j.ring, e)
	} else {
		j.ring[(j.last-1)%cap(j.ring)] = e
	}
	return j.last
}

// at returns the entry with a number, nil if it has been overwritten.
func (j *journal) at(number int) *Entry {
	if number <= 0 || cap(j.ring) == 0 {
		return nil
	}
	if i := (number - 1) % cap(j.ring); i < len(j.ring) && j.ring[i].Number == number {
		return &j.ring[i]
	}
	return nil
}

// Journal returns the newest requests, oldest first.
func (p *Platform) Journal() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	entries := slices.Clone(p.journal.ring)
	slices.SortFunc(entries, func(a, b Entry) int { return a.Number - b.Number })
	return entries
}

// arrived counts a request and begins its entry.
func (p *Platform) arrived(r *http.Request, e Endpoint, below string, f *Fault) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters.Requests++
	switch e {
	case OAuth:
		p.counters.OAuth++
	case Revoke:
		p.counters.Revokes++
	case Login:
		p.counters.Logins++
	case Logout:
		p.counters.Logouts++
	case Reset:
		p.counters.Resets++
	case Resource:
		p.counters.Resources++
	default:
		p.counters.Elsewhere++
	}
	entry := Entry{At: p.now(), Endpoint: e, Method: r.Method, Path: below}
	if p.misplaced(r, e) {
		p.counters.MisplacedSecrets++
	}
	if p.holdsSecret(below) {
		entry.Path = "[a secret]"
	}
	if f != nil {
		entry.Fault = f.Kind
	}
	return p.journal.add(entry)
}

// answered completes the entry.
func (p *Platform) answered(number, status int, code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.journal.at(number); e != nil {
		e.Status, e.Code = status, code
	}
}
