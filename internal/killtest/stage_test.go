package killtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/sessiontest"
)

const resetPath = "/m2m/v1/session/password/actions/reset"

// stage is a platform behind a socket, and the files of a host that rotates its password.
type stage struct {
	t        *testing.T
	platform *sessiontest.Server
	server   *httptest.Server
	baseURL  string
	dir      string // of the store
	file     string // of the credentials
	old      string // the password at first

	before  *gate // a reset waits here before the platform acts, and is acted upon then, whoever is left
	discard bool  // or is not
	after   *gate // the answer to a reset waits here

	ahead time.Duration // of the real time, when others recover

	mu      sync.Mutex
	wire    wire
	changed chan struct{} // closed and replaced whenever wire changes
}

// wire is what became of the reset on its way.
type wire struct {
	arrived  int // resets that the platform has in hand, whole
	answered int // resets whose answer was sent
}

// gate holds requests up until it is opened. A nil gate is open.
type gate struct {
	opened chan struct{}
	open   func() // may be called more than once
}

func newGate() *gate {
	opened := make(chan struct{})
	return &gate{opened, sync.OnceFunc(func() { close(opened) })}
}

// newStage puts the credentials below top, and so the store.
func newStage(t *testing.T, top string) *stage {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		t: t, baseURL: "http://" + listener.Addr().String() + "/api",
		dir: filepath.Join(top, "store"), file: filepath.Join(top, "credentials.json"), changed: make(chan struct{}),
	}
	// The same platform answers under the same URL, through the socket or, inside a bubble, without.
	s.platform = sessiontest.New(t, sessiontest.WithBaseURL(s.baseURL))
	s.server = httptest.NewUnstartedServer(s)
	_ = s.server.Listener.Close()
	s.server.Listener = listener
	s.server.Start()
	t.Cleanup(s.silence)
	s.old = s.platform.Password()
	s.write(s.old)
	return s
}

// ServeHTTP lets the platform act, and knows where a reset is on its way.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, resetPath) {
		s.platform.Handler().ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // half a request
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.note(func(w *wire) { w.arrived++ })
	if s.before != nil {
		<-s.before.opened
		if s.discard {
			panic(http.ErrAbortHandler)
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	if s.after == nil {
		s.platform.Handler().ServeHTTP(w, r)
		_ = http.NewResponseController(w).Flush()
	} else {
		answer := httptest.NewRecorder()
		s.platform.Handler().ServeHTTP(answer, r)
		s.note(func(*wire) {})
		<-s.after.opened
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}
	s.note(func(w *wire) { w.answered++ })
}

func (s *stage) note(change func(*wire)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.wire)
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits until a reset is where seen says; false if the victim is gone before that.
func (s *stage) until(p *process, seen func(wire, sessiontest.Counters) bool) bool {
	for {
		s.mu.Lock()
		now, changed := s.wire, s.changed
		s.mu.Unlock()
		if seen(now, s.platform.Counters()) {
			return true
		}
		select {
		case <-changed:
		case <-p.gone:
			return false
		}
	}
}

// silence ends the platform's life on the socket: what has arrived is acted upon, and nothing
// arrives any more.
func (s *stage) silence() {
	for _, g := range []*gate{s.before, s.after} {
		if g != nil {
			g.open()
		}
	}
	s.server.Close()
}

func (s *stage) orders() orders {
	return orders{
		BaseURL: s.baseURL, Key: sessiontest.DefaultKey, Secret: sessiontest.DefaultSecret,
		Dir: s.dir, File: s.file, Halt: -1,
	}
}

// config is that of a process on the same host, for use in a bubble.
func (s *stage) config() session.Config {
	cfg := s.platform.Config()
	cfg.Store = patient{filestore.New(s.dir)}
	cfg.Credentials = filestore.Credentials(s.file)
	return cfg
}

// patient says that it would tell of changes, so that whoever waits for the dead looks more seldom.
type patient struct{ session.Store }

func (patient) Watch(context.Context, string) (<-chan struct{}, error) {
	return make(chan struct{}), nil
}

// write puts a password into the credentials file, as a person would.
func (s *stage) write(password string) {
	s.t.Helper()
	text, err := json.Marshal(map[string]string{"username": s.platform.Username(), "password": password, "note": "kept"})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// password is the one in the credentials file.
func (s *stage) password() string {
	s.t.Helper()
	c, err := filestore.Credentials(s.file).Load(s.t.Context())
	if err != nil {
		s.t.Fatalf("the credentials cannot be read any more: %v", err)
	}
	return c.Password.Reveal()
}
