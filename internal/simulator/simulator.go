package simulator

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"iot.internal/thingspace/internal/platform"
)

// Seeds of a simulator without options. User name and password are those of Verizon's documented
// example, the rest is made up.
const (
	DefaultKey      = "6f1c1a52-0b7e-4c39-9d51-3f2a6f0c7e11"
	DefaultSecret   = "b3c0d6de-58a4-4f0e-8f6b-92d7a1e4c520"
	DefaultUsername = "zbeeblebrox"
	DefaultPassword = "IMgr8"
	DefaultAccount  = "0000123456-00001"
)

// Base is the path of the API.
const Base = "/api"

// Options says whom the simulator knows. The zero value has the seeds above.
type Options struct {
	Applications []platform.Application
	Users        []platform.User
	Accounts     []string
	Switches     *platform.Switches // nil means the defaults
	Now          func() time.Time   // nil means time.Now; the control path can advance it
	Logger       *slog.Logger       // told of contract violations, without values; nil means silent
	// Lenient sends an answer that breaks the contract, instead of a 500 in its place. It is counted
	// and logged all the same.
	Lenient bool
	// NoControl leaves the control path out.
	NoControl bool
	// Page answers whatever is neither below [Base] nor below /_control; nil means a line of text
	// at "/".
	Page http.Handler
}

// Server is a simulator. It has no goroutines and needs no closing.
type Server struct {
	platform *platform.Platform
	contract *contract
	clock    *clock
	logger   *slog.Logger
	lenient  bool
	users    []string
	session  http.Handler // the generated server
	handler  http.Handler
}

// New makes a simulator. An error means that the embedded contract or the options make no sense.
func New(o Options) (*Server, error) {
	if len(o.Applications) == 0 {
		o.Applications = []platform.Application{{Key: DefaultKey, Secret: DefaultSecret}}
	}
	if len(o.Users) == 0 {
		o.Users = []platform.User{{Username: DefaultUsername, Password: DefaultPassword}}
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []string{DefaultAccount}
	}
	if o.Switches != nil {
		if err := o.Switches.Validate(); err != nil {
			return nil, err
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{clock: &clock{now: o.Now}, logger: o.Logger, lenient: o.Lenient}
	for _, u := range o.Users {
		s.users = append(s.users, u.Username)
	}
	s.platform = platform.New(platform.Options{
		Base: Base, Applications: o.Applications, Users: o.Users, Accounts: o.Accounts,
		Now: s.clock.Now, Switches: o.Switches,
	})
	var err error
	if s.contract, err = newContract(s.platform); err != nil {
		return nil, err
	}
	s.session = generated(s.platform)
	if o.Page == nil {
		o.Page = http.HandlerFunc(signpost)
	}
	s.handler = s.routes(!o.NoControl, o.Page)
	return s, nil
}

// Handler serves the API below [Base], and the control path.
func (s *Server) Handler() http.Handler { return s.handler }

// Platform is the model behind the server, for those in the same process.
func (s *Server) Platform() *platform.Platform { return s.platform }

// Advance lets time pass, for sessions and bearers; faults wait by the real clock.
func (s *Server) Advance(d time.Duration) { s.clock.advance(d) }

// Violations counts what broke the contract. Injected faults and switches that break it on purpose
// are not counted.
type Violations struct {
	Requests  int `json:"requests"`  // to a session endpoint, that the platform therefore refused
	Responses int `json:"responses"` // of this server: a bug in it
}

// Violations returns the counts as they stand.
func (s *Server) Violations() Violations { return s.contract.counts() }

func (s *Server) routes(withControl bool, page http.Handler) http.Handler {
	api := s.platform.Handler(s.act)
	control := http.NotFoundHandler()
	if withControl {
		control = guard(s.control())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case below(path, controlPath):
			control.ServeHTTP(w, r)
		case below(path, Base):
			api.ServeHTTP(w, r)
		default:
			page.ServeHTTP(w, r)
		}
	})
}

func below(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func signpost(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ThingSpace simulator. The API is below "+Base+", the control path is "+controlPath+".\n")
}

// clock is a clock that can be put forward.
type clock struct {
	mu      sync.Mutex
	now     func() time.Time
	forward time.Duration
}

// Now is the time of the simulated platform.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.forward)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forward += d
}

func (c *clock) backToNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forward = 0
}
