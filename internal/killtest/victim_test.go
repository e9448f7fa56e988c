package killtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// The test binary is also the process that is killed.
const (
	victimVariable = "KILLTEST_VICTIM"
	rotates        = "rotates"
	recovers       = "recovers" // it runs the test that started it, in which it takes another turn
)

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) == rotates {
		os.Exit(rotate(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// orders is what a victim reads first: one line of JSON.
type orders struct {
	BaseURL, Key, Secret string
	Dir, File            string
	Cold                 bool // without a session in hand: the rotation has to log in first
	Halt                 int  // the step to stop at for ever; -1 for none
}

// What a victim prints, besides its steps.
const (
	ready = "ready"
	done  = "done"
)

// rotate is the victim: it resets the password once, and prints a line at every step.
func rotate(in io.Reader, out io.Writer) int {
	lines := bufio.NewReader(in)
	o, err := receive(lines)
	if err != nil {
		return 2
	}
	steps := &steps{out: out, in: lines, halt: o.Halt}
	c, err := session.New(steps.watch(session.Config{
		BaseURL:     o.BaseURL,
		Application: session.Application{Key: o.Key, Secret: session.NewSecret(o.Secret)},
		Credentials: filestore.Credentials(o.File),
		Store:       filestore.New(o.Dir),
	}))
	if err != nil {
		return fail(err)
	}
	ctx := context.Background()
	if !o.Cold {
		if _, err := c.Token(ctx); err != nil {
			return fail(err)
		}
	}
	_, _ = fmt.Fprintln(out, ready)
	if _, err := lines.ReadString('\n'); err != nil {
		return 2 // the test is gone
	}
	steps.begin()
	if _, err := c.ResetPassword(ctx); err != nil {
		return fail(err)
	}
	_, _ = fmt.Fprintln(out, done)
	if err := c.Close(); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, err)
	return 1
}

func receive(lines *bufio.Reader) (o orders, err error) {
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(line, &o)
}

// steps prints what a client does, from when it is told to, and stops it at the step it was told to.
type steps struct {
	out   io.Writer
	in    io.Reader
	halt  int
	first string // begin with this; "": when told to

	mu    sync.Mutex
	begun bool
	count int
}

func (s *steps) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = true
}

func (s *steps) at(what string) {
	if s.say(what) {
		// Here it is killed; or the test ends, and with it this.
		_, _ = io.Copy(io.Discard, s.in)
		os.Exit(2)
	}
}

// say prints a step, and reports whether it is the last.
func (s *steps) say(what string) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what == s.first {
		s.begun = true
	}
	if !s.begun {
		return false
	}
	_, _ = fmt.Fprintln(s.out, what)
	s.count++
	return s.count == s.halt+1
}

// watch lets every step of a client be seen.
func (s *steps) watch(cfg session.Config) session.Config {
	cfg.Store = watchedStore{cfg.Store, s}
	cfg.Credentials = watchedCredentials(cfg.Credentials, s)
	cfg.Trace = &session.Trace{Rotation: func(e session.RotationEvent) { s.at("rotation " + e.Phase) }}
	return cfg
}

// watchedStore tells of every operation, before and after.
type watchedStore struct {
	session.Store
	steps *steps
}

func (w watchedStore) Load(ctx context.Context, key string) ([]byte, error) {
	w.steps.at("store load begins")
	defer w.steps.at("store load ends")
	return w.Store.Load(ctx, key)
}

func (w watchedStore) Swap(ctx context.Context, key string, old, next []byte) (bool, error) {
	w.steps.at("store swap begins")
	defer w.steps.at("store swap ends")
	return w.Store.Swap(ctx, key, old, next)
}

// watchedCredentials does the same for a credentials file.
func watchedCredentials(s session.CredentialSource, steps *steps) session.CredentialSource {
	switch s := s.(type) {
	case session.CredentialSwapper:
		return watchedSwapper{watchedSaver{s, steps}, s}
	case session.CredentialSaver:
		return watchedSaver{s, steps}
	}
	return s
}

type watchedSaver struct {
	session.CredentialSaver
	steps *steps
}

func (w watchedSaver) Load(ctx context.Context) (session.Credentials, error) {
	w.steps.at("credentials load begins")
	defer w.steps.at("credentials load ends")
	return w.CredentialSaver.Load(ctx)
}

func (w watchedSaver) Save(ctx context.Context, c session.Credentials) error {
	w.steps.at("credentials save begins")
	defer w.steps.at("credentials save ends")
	return w.CredentialSaver.Save(ctx, c)
}

type watchedSwapper struct {
	watchedSaver
	swapper session.CredentialSwapper
}

func (w watchedSwapper) SwapCredentials(ctx context.Context, old, next session.Credentials) (bool, error) {
	w.steps.at("credentials swap begins")
	defer w.steps.at("credentials swap ends")
	return w.swapper.SwapCredentials(ctx, old, next)
}
