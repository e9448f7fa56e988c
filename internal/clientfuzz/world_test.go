package clientfuzz

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/origin"
	"iot.internal/thingspace/internal/seal"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// processes is how many share the account at a time.
const processes = 4

// world is the platform, the store, and the processes that share them. Steps run one after the other;
// what they start goes on meanwhile.
type world struct {
	t        *testing.T
	platform *sessiontest.Server
	record   *record
	logs     *journal
	admin    *process // a person's command: nothing ever happens to it
	procs    [processes]*process
	all      []*process // every one there was

	noProbe   bool
	plain     bool // the credential source cannot compare
	secretID  string
	recordKey string

	comparing sync.Mutex // is comparing and saving credentials

	mu        sync.Mutex
	problems  []string
	running   int // operations
	opened    int // processes so far
	secrets   map[string]bool
	refreshes int // causes for which a login may be made
	upheavals int // sessions ended on purpose, which may fail a request that is under way
	inFlight  map[string]int
	handedOut map[string]bool // new passwords that callers were given
	byPerson  string          // the password that a person set last
	last      session.Token   // a token somebody was given

	disturbed bool // something went wrong that may fail a request
	drift     time.Duration
	people    int // passwords that people have made up
	one       bool
	accepted  int // logins when a person allowed one attempt
}

func newWorld(t *testing.T, p program) *world {
	w := &world{
		t: t, logs: &journal{}, secrets: map[string]bool{}, inFlight: map[string]int{}, handedOut: map[string]bool{},
		plain: p.bits(0)&0x40 != 0, noProbe: p.bits(0)&0x80 != 0,
	}
	w.record = &record{w: w}
	w.platform = sessiontest.New(t,
		sessiontest.WithStore(w.record),
		sessiontest.WithClock(func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return time.Now().Add(w.drift)
		}),
		sessiontest.WithSwitches(func(s *sessiontest.Switches) { p.choose(s) }))
	w.disturbed = w.platform.Switches().FreshBearers
	w.learn(sessiontest.DefaultSecret, w.platform.Password())
	o, err := origin.Parse(w.platform.BaseURL())
	if err != nil {
		t.Fatal(err)
	}
	w.secretID = sessiontest.DefaultSecret
	w.recordKey = seal.RecordKey(o.Key(), w.platform.Username())
	w.admin = w.open("admin")
	for i := range w.procs {
		w.procs[i] = w.open(fmt.Sprint("p", i))
	}
	return w
}

// choose sets what nobody knows about the platform.
func (p program) choose(s *sessiontest.Switches) {
	a, b := p.bits(0), p.bits(1)
	s.LoginEndsOthers = a&1 != 0
	s.ResetEndsSessions = a&2 != 0
	s.RefusedResetStrikes = a&4 == 0
	s.ResetClearsStrikes = a&8 != 0
	s.LogoutOfDeadSessionSucceeds = a&16 != 0
	s.FreshBearers = a&32 != 0
	s.FaultForm = []sessiontest.FaultForm{sessiontest.FaultJSON, sessiontest.FaultNumber, sessiontest.FaultUnwrapped, sessiontest.FaultXML}[b&3]
	s.OmitExpiresIn = b&12 == 4
	s.ZeroExpiresIn = b&12 == 8
	s.RefusedStatus = []int{400, 400, 403, 401}[b>>4&3]
	if b>>6 == 1 {
		s.Activity = sessiontest.ActivityAny
	}
}

// process is the one a step is about.
func (w *world) process(who byte) *process { return w.procs[int(who)%processes] }

// problem notes a broken law.
func (w *world) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.problems) < 20 {
		w.problems = append(w.problems, fmt.Sprintf(format, args...))
	}
}

// broken are the laws that do not hold.
func (w *world) broken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.problems)
}

// cause is something for which a login may be made.
func (w *world) cause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refreshes++
}

// learn notes secrets, which nothing may print from now on.
func (w *world) learn(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= 5 {
			w.secrets[s] = true
		}
	}
}

// betrays reports whether a text holds a secret.
func (w *world) betrays(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.secrets {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// result is what came of a program.
type result struct {
	program  program
	trail    []string
	problems []string
}

// law is the name of the first broken law, "" if none is.
func (r result) law() string {
	if len(r.problems) == 0 {
		return ""
	}
	law, _, _ := strings.Cut(r.problems[0], ":")
	return law
}

func (r result) report(t *testing.T) {
	t.Helper()
	t.Errorf("program %s breaks a law:\n\t%s\nsteps:\n\t%s", r.program, strings.Join(r.problems, "\n\t"), strings.Join(r.trail, "\n\t"))
}

// run runs a program in a world of its own.
func run(t *testing.T, p program, sabotage ...func(*world)) (r result) {
	t.Helper()
	r.program = p
	defer func() {
		if v := recover(); v != nil {
			t.Logf("program %s, steps:\n\t%s", p, strings.Join(r.trail, "\n\t"))
			panic(v)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, p)
		for _, s := range sabotage {
			s(w)
		}
		began := time.Now()
		for _, s := range p.steps() {
			at := time.Since(began)
			r.trail = append(r.trail, fmt.Sprintf("%12s  %s", at.Round(time.Millisecond), s.run(w)))
			synctest.Wait()
			w.check()
			if len(w.broken()) > 0 {
				break
			}
		}
		if len(w.broken()) == 0 {
			w.heal()
		}
		w.end()
		r.problems = w.broken()
	})
	return r
}
