package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"iot.internal/thingspace/internal/platform"
)

// The command runs as a process of its own wherever a test says "thingspace".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"thingspace": func() { os.Exit(Main(os.Args[1:])) },
	})
}

const (
	testUser    = "zbeeblebrox"
	testPass    = "IMgr8"
	testAccount = "0000123456-00001"
	testKey     = "6f1c1a52-0b7e-4c39-9d51-3f2a6f0c7e11"
	testSecret  = "b3c0d6de-58a4-4f0e-8f6b-92d7a1e4c520"
)

// bench is a platform behind a real socket, whose answers can be held back.
type bench struct {
	platform *platform.Platform
	server   *httptest.Server

	mu     sync.Mutex
	change *sync.Cond
	served int             // requests that the platform has acted upon
	held   map[string]bool // paths whose answers wait
}

// shortExit is for processes under the race detector, which would sleep a second at their end.
const shortExit = "GORACE=atexit_sleep_ms=10"

// newBench starts one; close frees it.
func newBench() *bench {
	b := &bench{held: map[string]bool{}}
	b.change = sync.NewCond(&b.mu)
	b.platform = platform.New(platform.Options{
		Applications: []platform.Application{{Key: testKey, Secret: testSecret}},
		Users:        []platform.User{{Username: testUser, Password: testPass}},
		Accounts:     []string{testAccount},
	})
	b.server = httptest.NewServer(b)
	return b
}

// ServeHTTP lets the platform act at once, and passes the answer on when its path is not held.
func (b *bench) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api")
	b.mu.Lock()
	held := b.held[path]
	b.mu.Unlock()
	if !held {
		b.platform.ServeHTTP(w, r)
		b.note()
		return
	}
	answer := httptest.NewRecorder()
	b.platform.ServeHTTP(answer, r)
	b.note()
	b.mu.Lock()
	for b.held[path] {
		b.change.Wait()
	}
	b.mu.Unlock()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (b *bench) note() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.served++
	b.change.Broadcast()
}

func (b *bench) hold(path string, held bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[path] = held
	b.change.Broadcast()
}

// until waits for the platform to have seen what it takes, but not for a process that has died.
func (b *bench) until(t *testing.T, seen func(platform.Counters) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.change.Broadcast()
	})()
	b.mu.Lock()
	defer b.mu.Unlock()
	for !seen(b.platform.Counters()) {
		if ctx.Err() != nil {
			t.Fatalf("the platform has not seen what it should: %+v", b.platform.Counters())
		}
		b.change.Wait()
	}
}

func (b *bench) close() {
	b.mu.Lock()
	clear(b.held)
	b.change.Broadcast()
	b.mu.Unlock()
	b.server.Close()
}

func (b *bench) baseURL() string { return b.server.URL + b.platform.Base() }

// environment is what a command needs to reach the bench.
func (b *bench) environment(state string) []string {
	return []string{
		"THINGSPACE_BASE_URL=" + b.baseURL(), "THINGSPACE_APP_KEY=" + testKey, "THINGSPACE_APP_SECRET=" + testSecret,
		"THINGSPACE_USERNAME=" + testUser, "THINGSPACE_PASSWORD=" + testPass, "XDG_STATE_HOME=" + state, shortExit,
	}
}

// counters are the platform's, by their JSON names.
func (b *bench) counters() map[string]any {
	text, err := json.Marshal(b.platform.Counters())
	if err != nil {
		panic(err)
	}
	var counters map[string]any
	if err := json.Unmarshal(text, &counters); err != nil {
		panic(err)
	}
	return counters
}
