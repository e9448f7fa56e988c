package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"iot.internal/thingspace/session"
)

// MaxRecord is the largest record that is read or written, in bytes.
const MaxRecord = 1 << 20

const maxKey = 128

// Store keeps each record in a hash of one Redis server, shared by all processes that use the server,
// the database and the prefix. It is safe for concurrent use.
type Store struct {
	client  rueidis.Client
	own     *link  // nil if the client is the caller's
	name    string // of the server, without secrets
	follows string // what the caller's client follows: a cluster, sentinels, or nothing
	remote  bool   // reached without encryption over a network
	options options
	script  *rueidis.Lua
	clock   clock
	slots   chan struct{} // a token for every operation under way
	life    context.Context
	end     context.CancelFunc

	// connection counts what may have led to another server, or to the same one in another state; the
	// server is as checked as it was when inspected was stored.
	connection atomic.Uint64
	inspected  atomic.Uint64
	inspecting chan struct{} // a mutex that a context can leave
	findings   atomic.Pointer[[]Finding]

	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup
	known  map[string]struct{} // keys that this process has seen on the server
	topics map[string]*topic
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Watcher = (*Store)(nil)
)

// New opens the store at url:
//
//	rediss://USER:PASSWORD@HOST:PORT/DB     over TLS
//	redis://USER:PASSWORD@HOST:PORT/DB      not encrypted
//	unix://USER:PASSWORD@/PATH?db=DB        a socket of this machine
//
// All but the host (or path) may be missing; the port is 6379 and the database 0 then. Behind a
// question mark there may be prefix=P, see [WithPrefix], and accept=R,R, see [Accept]. It connects to
// the server and refuses one that could forget the record, see [UnsafeError]; what it found beside is
// in [Store.Findings]. Ctx limits the opening, not the store. No error quotes the URL's user name or
// password.
func New(ctx context.Context, url string, opts ...Option) (*Store, error) {
	a, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	o, err := collect(opts)
	if err == nil {
		err = o.merge(a)
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	s := newStore(o)
	s.name, s.remote = a.String(), a.scheme == "redis" && !a.local()
	s.own = newLink(a, o, &s.connection)
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("redisstore: %s: %w", s.name, err)
	}
	return s.opened(ctx)
}

// NewWithClient opens the store over a client of the caller's, which goes on belonging to the caller:
// to share a connection, or for a server that the caller knows how to reach. The client must read
// from the master only (no SendToReplicas) and must not repeat what it has sent (no ConnLifetime);
// both would break what a [session.Store] promises. Of the options it takes those that do not concern
// the connection.
//
// A client that follows a cluster or sentinels is refused unless [Failover] is accepted.
func NewWithClient(ctx context.Context, client rueidis.Client, opts ...Option) (*Store, error) {
	o, err := collect(opts)
	switch {
	case err != nil:
	case client == nil:
		err = errors.New("there is no client")
	case o.credentials != nil || o.tls != nil:
		err = errors.New("credentials and TLS are the client's, not options")
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	s := newStore(o)
	s.name, s.client = "the caller's client", client
	switch client.Mode() {
	case rueidis.ClientModeCluster:
		s.follows = "a cluster"
	case rueidis.ClientModeSentinel:
		s.follows = "sentinels"
	}
	return s.opened(ctx)
}

// parallel is how many operations may be under way; more wait their turn.
const parallel = 128

func newStore(o options) *Store {
	s := &Store{
		options: o, script: newSwapScript(), slots: make(chan struct{}, parallel), inspecting: make(chan struct{}, 1),
		known: map[string]struct{}{}, topics: map[string]*topic{},
	}
	s.connection.Store(1)
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// opened inspects the server, unless that is left to the first use.
func (s *Store) opened(ctx context.Context) (*Store, error) {
	if s.options.lazy {
		return s, nil
	}
	if _, err := call(ctx, s, "open", func(context.Context) (struct{}, error) { return struct{}{}, nil }); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// String returns the URL without user name and password.
func (s *Store) String() string { return s.name }

// GoString returns the same as String.
func (s *Store) GoString() string { return s.name }

// Findings is what the store knows about the server that may cost the record: the risks that were
// accepted, and lesser ones. It is current as of the latest connection.
func (s *Store) Findings() []Finding {
	if f := s.findings.Load(); f != nil {
		return slices.Clone(*f)
	}
	return nil
}

// Load returns the record under key, or nil if there is none.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, fmt.Errorf("redisstore: load: %w", err)
	}
	return call(ctx, s, "load", func(ctx context.Context) ([]byte, error) { return s.load(ctx, key) })
}

func (s *Store) load(ctx context.Context, key string) ([]byte, error) {
	get := func() ([]rueidis.RedisMessage, error) {
		return s.client.Do(ctx, s.client.B().Hmget().Key(s.options.prefix+key).Field("format", "record").Build()).ToArray()
	}
	known := s.isKnown(key) // before it is read: another reader may see it created after that
	fields, err := get()
	// A connection that broke since it was last used; reading again harms nobody.
	if err != nil && isBroken(err) && ctx.Err() == nil {
		fields, err = get()
	}
	if err != nil {
		return nil, err
	}
	if len(fields) != 2 {
		return nil, errAnswer
	}
	if fields[0].IsNil() {
		if known {
			return nil, ErrLost
		}
		return nil, nil
	}
	if format, err := fields[0].ToString(); err != nil || format != "1" {
		return nil, ErrFormat
	}
	s.know(key)
	if fields[1].IsNil() {
		return nil, nil
	}
	record, err := fields[1].ToString()
	if err != nil {
		return nil, errAnswer
	}
	return []byte(record), nil
}

// Swap replaces old (nil: absent) by new (nil: delete) if and only if the record still is old. When it
// returns true the server has written it as durably as it is configured to. After an error it may or
// may not have happened; but a server that was held up does not begin it any more once ctx or the
// store's time limit has ended.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte) (swapped bool, err error) {
	err = checkKey(key)
	if err == nil && len(new) > MaxRecord {
		err = fmt.Errorf("%w: %d bytes", ErrTooLarge, len(new))
	}
	if err != nil {
		return false, fmt.Errorf("redisstore: swap: %w", err)
	}
	// Copied, because the caller may leave before they are sent.
	change := swapArguments{caller: ctx, key: key, had: old != nil, old: string(old), has: new != nil, new: string(new)}
	return call(ctx, s, "swap", func(ctx context.Context) (bool, error) { return s.swap(ctx, change) })
}

// Close ends the store: watches end, operations under way are waited for (at most their time limit),
// later ones fail with [ErrClosed]. A client that New made is closed too. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	s.end()
	// In case the library waits where no context reaches it.
	overdue := time.AfterFunc(2*s.options.timeout, func() { s.drop(s.connection.Load()) })
	s.busy.Wait()
	overdue.Stop()
	if first && s.own != nil && s.client != nil {
		s.client.Close()
		s.drop(s.connection.Load())
	}
	return nil
}

func (s *Store) know(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[key] = struct{}{}
}

// isKnown reports whether the key must be there: this process has seen it, the store never removes
// one, and nobody accepted a server that does.
func (s *Store) isKnown(key string) bool {
	if accepts(s.options.accepted, Volatile) || accepts(s.options.accepted, Eviction) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.known[key]
	return ok
}

// checkKey: what the client uses. Anything else is somebody else's key.
func checkKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("a key has 1 to %d hex digits, not %d", maxKey, len(key))
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return errors.New("a key consists of lower-case hex digits")
		}
	}
	return nil
}
