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
const victimVariable = "KILLTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) == "" {
		os.Exit(m.Run())
	}
	os.Exit(rotate(os.Stdin, os.Stdout))
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
	var o orders
	if line, err := lines.ReadBytes('\n'); err != nil || json.Unmarshal(line, &o) != nil {
		return 2
	}
	steps := &steps{out: out, halt: -1}
	c, err := session.New(session.Config{
		BaseURL:     o.BaseURL,
		Application: session.Application{Key: o.Key, Secret: session.NewSecret(o.Secret)},
		Credentials: watchedCredentials(filestore.Credentials(o.File), steps),
		Store:       watchedStore{filestore.New(o.Dir), steps},
		Trace:       &session.Trace{Rotation: func(e session.RotationEvent) { steps.at("rotation " + e.Phase) }},
	})
	if err != nil {
		return fail(err)
	}
	ctx := context.Background()
	if !o.Cold {
		if _, err := c.Token(ctx); err != nil {
			return fail(err)
		}
	}
	fmt.Fprintln(out, ready)
	if _, err := lines.ReadString('\n'); err != nil {
		return 2 // the test is gone
	}
	steps.begin(o.Halt)
	if _, err := c.ResetPassword(ctx); err != nil {
		return fail(err)
	}
	fmt.Fprintln(out, done)
	if err := c.Close(); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// steps prints what the rotation does, and stops it where it was told to.
type steps struct {
	mu    sync.Mutex
	out   io.Writer
	begun bool
	count int
	halt  int
}

func (s *steps) begin(halt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun, s.halt = true, halt
}

func (s *steps) at(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		return
	}
	fmt.Fprintln(s.out, what)
	if s.count == s.halt {
		select {} // the deadline of the test ends it if nobody kills it
	}
	s.count++
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
func watchedCredentials(s session.CredentialSaver, steps *steps) session.CredentialSaver {
	if swapper, ok := s.(session.CredentialSwapper); ok {
		return watchedSwapper{watchedSaver{s, steps}, swapper}
	}
	return watchedSaver{s, steps}
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
