package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/sessiontest"
)

const (
	clientsEach = 3
	callersEach = 4 // of a client
	callTimeout = 15 * time.Second
	healTimeout = time.Minute
)

// fleet is some clients that share one account, on a platform with a socket.
type fleet struct {
	t        *testing.T
	name     string
	platform *sessiontest.Server
	base     string
	redis    *redistest.Server // nil: another store
	config   func() session.Config
	clients  [clientsEach]slot

	requests atomic.Int64
	mu       sync.Mutex
	events   []*event // newest last
	problems int

	story  story
	opened int // clients so far
}

// slot is a client that can be replaced while nobody uses it.
type slot struct {
	mu     sync.RWMutex
	client *session.Client
}

func newFleet(t *testing.T, name string) *fleet {
	t.Helper()
	f := &fleet{t: t, name: name}
	f.platform = sessiontest.New(t, sessiontest.WithSwitches(func(s *sessiontest.Switches) {
		// One session at a time, so that what an event costs can be told beforehand.
		s.ResetEndsSessions, s.LoginEndsOthers = true, true
	}))
	f.base = f.platform.Start(t)
	store := f.stores()
	credentials := f.credentials()
	f.config = func() session.Config {
		cfg := f.platform.Config()
		cfg.BaseURL, cfg.Store, cfg.Transport, cfg.Credentials, cfg.CallTimeout = f.base, store(), nil, credentials, callTimeout
		cfg.Trace = f.telling()
		return cfg
	}
	for i := range f.clients {
		f.clients[i].client = f.open()
	}
	t.Cleanup(func() {
		for i := range f.clients {
			_ = f.clients[i].client.Close()
		}
	})
	return f
}

// stores returns what opens the store for a client, as another process would.
func (f *fleet) stores() func() session.Store {
	t := f.t
	t.Helper()
	switch f.name {
	case "memory":
		store := session.NewMemoryStore()
		return func() session.Store { return store }
	case "file":
		dir := t.TempDir()
		return func() session.Store { return filestore.New(dir) }
	}
	f.redis = redistest.Start(t, redistest.Safe...)
	var all [clientsEach]*redisstore.Store // a restarted client takes over the store of the one before
	for i := range all {
		store, err := redisstore.New(t.Context(), f.redis.URL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		all[i] = store
	}
	next := 0
	return func() session.Store { next++; return all[next%clientsEach] }
}

// credentials is a file, for the fleet that has its store in files.
func (f *fleet) credentials() session.CredentialSource {
	if f.name != "file" {
		return f.platform.Credentials()
	}
	path := filepath.Join(f.t.TempDir(), "credentials.json")
	content := fmt.Sprintf(`{"username": %q, "password": %q}`, f.platform.Username(), f.platform.Password())
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return filestore.Credentials(path)
}

func (f *fleet) open() *session.Client {
	client, err := session.New(f.config())
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

// restart replaces a client.
func (f *fleet) restart(i int) {
	s := &f.clients[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.client.Close(); err != nil {
		f.problem("closing: %v", err)
	}
	s.client = f.open()
}

// any is one of the clients, to be used by the only goroutine that replaces them.
func (f *fleet) any() *session.Client { return f.clients[rand.IntN(clientsEach)].client }

// traffic asks until ctx ends.
func (f *fleet) traffic(ctx context.Context) {
	var wg sync.WaitGroup
	for i := range f.clients {
		for range callersEach {
			wg.Go(func() {
				for pause(ctx, 10*time.Millisecond+rand.N(30*time.Millisecond)) == nil {
					s := &f.clients[i]
					s.mu.RLock()
					f.ask(s.client)
					s.mu.RUnlock()
				}
			})
		}
	}
	wg.Wait()
}

// ask makes one request of any kind, and judges how it ends.
func (f *fleet) ask(c *session.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*callTimeout)
	defer cancel()
	began := time.Now()
	f.requests.Add(1)
	var err error
	switch rand.IntN(10) {
	case 0:
		_, err = c.Token(ctx)
	case 1, 2:
		err = f.request(ctx, c, http.MethodPost, strings.NewReader(`{"devices": []}`))
	case 3:
		err = f.request(ctx, c, http.MethodPost, io.NopCloser(strings.NewReader("cannot be had again")))
		var status statusError
		if errors.As(err, &status) && (status == 400 || status == 401) && f.staleSince(began) {
			return // the platform's answer stands, since the body cannot be sent again
		}
	default:
		err = f.request(ctx, c, http.MethodGet, nil)
	}
	if err != nil && !f.explained(began) {
		f.problem("a request that nothing explains, while %s, ends with %v", f.lately(began), err)
	}
}

type statusError int

func (s statusError) Error() string { return fmt.Sprintf("status %d", int(s)) }

func (f *fleet) request(ctx context.Context, c *session.Client, method string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, method, f.base+"/m2m/v1/accounts/"+f.platform.Account(), body)
	if err != nil {
		return err
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK && (method == http.MethodGet || resp.StatusCode != http.StatusMethodNotAllowed) {
		return statusError(resp.StatusCode)
	}
	return nil
}

// problem is a broken promise.
func (f *fleet) problem(format string, args ...any) {
	f.mu.Lock()
	f.problems++
	n := f.problems
	f.mu.Unlock()
	if n <= 20 {
		f.t.Errorf("%s, %s: %s", time.Now().Format(clock), f.name, fmt.Sprintf(format, args...))
	}
	if n == 1 {
		f.t.Logf("%s, before that:\n%s", f.name, f.story.String())
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
