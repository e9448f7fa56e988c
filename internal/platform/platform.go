package platform

import (
	"crypto/rand"
	"io"
	"strings"
	"sync"
	"time"
)

// Application is an OAuth2 client: what Key Management calls consumer key and secret.
type Application struct {
	Key    string
	Secret string
}

// User is a Connectivity Management ("UWS") user.
type User struct {
	Username string
	Password string
}

// Options says what the platform knows when it starts. The zero value is a platform without anybody.
type Options struct {
	Base         string           // path of the API, "/api" if empty
	Applications []Application    // who may have a bearer
	Users        []User           // who may log in
	Accounts     []string         // account names that GET /m2m/v1/accounts/{name} knows
	Now          func() time.Time // nil means time.Now
	Random       io.Reader        // nil means crypto/rand.Reader
	Switches     *Switches        // nil means DefaultSwitches
	Journal      int              // how many requests the journal keeps; 0 means 256
}

// Platform is one simulated platform. Make it with [New].
type Platform struct {
	options Options
	base    string
	now     func() time.Time

	mu       sync.Mutex
	switches Switches
	apps     map[string]*application
	users    map[string]*user
	sessions map[string]*session
	rules    []*rule
	ruleID   int
	counters Counters
	headers  map[string]bool // unknown header names met
	journal  journal
}

// New makes a platform.
func New(options Options) *Platform {
	p := &Platform{options: options, base: "/api", now: options.Now}
	if options.Base != "" {
		p.base = "/" + strings.Trim(options.Base, "/")
	}
	if p.base == "/" {
		p.base = ""
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.options.Random == nil {
		p.options.Random = rand.Reader
	}
	p.Reset()
	return p
}

// Reset makes everything as it was after [New]: users and passwords, sessions, bearers, switches,
// faults, counters and the journal.
func (p *Platform) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.switches = DefaultSwitches()
	if p.options.Switches != nil {
		p.switches = *p.options.Switches
	}
	p.apps = map[string]*application{}
	for _, a := range p.options.Applications {
		p.apps[a.Key] = &application{secret: a.Secret}
	}
	p.users = map[string]*user{}
	for _, u := range p.options.Users {
		p.users[u.Username] = &user{name: u.Username, password: u.Password}
	}
	p.sessions = map[string]*session{}
	p.rules = nil
	p.counters = Counters{}
	p.headers = map[string]bool{}
	size := p.options.Journal
	if size <= 0 {
		size = 256
	}
	p.journal = journal{ring: make([]Entry, 0, size)}
}

// Base is the path of the API, such as "/api".
func (p *Platform) Base() string { return p.base }
