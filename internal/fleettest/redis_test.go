package fleettest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// fleet is one platform on a socket and one Redis server.
type fleet struct {
	platform *sessiontest.Server
	base     string
	redis    *redistest.Server
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{platform: sessiontest.New(t), redis: redistest.Start(t, redistest.Safe...)}
	f.base = f.platform.Start(t)
	return f
}

// store opens a store of its own, as another process would.
func (f *fleet) store(t *testing.T) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(t.Context(), f.redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func (f *fleet) client(t *testing.T, store session.Store, change ...func(*session.Config)) *session.Client {
	t.Helper()
	cfg := f.platform.Config()
	cfg.BaseURL, cfg.Store, cfg.Transport = f.base, store, transport
	for _, c := range change {
		c(&cfg)
	}
	client, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// transport bounds the connections of a thousand clients in one process.
var transport = &http.Transport{MaxConnsPerHost: 100, MaxIdleConnsPerHost: 100}

func (f *fleet) request(ctx context.Context, c *session.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/m2m/v1/accounts/"+f.platform.Account(), nil)
	if err != nil {
		return err
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// everybody runs one function for each client at the same time, and counts the failures.
func everybody(clients []*session.Client, do func(*session.Client) error) (failed int, sample error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, c := range clients {
		wg.Go(func() {
			if err := do(c); err != nil {
				mu.Lock()
				failed, sample = failed+1, err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed, sample
}

// when does something in the midst of others' work: as soon as the platform has counted so much. The function
// that it returns waits for it to be done, or gives it up.
func (f *fleet) when(counted func(sessiontest.Counters) bool, do func()) (done func()) {
	var wg sync.WaitGroup
	over := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for !counted(f.platform.Counters()) {
			select {
			case <-tick.C:
			case <-over:
				return
			}
		}
		do()
	})
	return func() { close(over); wg.Wait() }
}

func (f *fleet) thousand(t *testing.T, change ...func(*session.Config)) []*session.Client {
	t.Helper()
	const clients, connections = clientsOfOneProcess, 20
	stores := make([]session.Store, connections)
	for i := range stores {
		stores[i] = f.store(t)
	}
	all := make([]*session.Client, clients)
	for i := range all {
		all[i] = f.client(t, stores[i%connections], change...)
	}
	return all
}

func TestAThousandClientsOnOneRedisMakeOneLogin(t *testing.T) {
	f := newFleet(t)
	clients := f.thousand(t)
	request := func(c *session.Client) error { return f.request(t.Context(), c) }

	began := time.Now()
	failed, err := everybody(clients, request)
	n := f.platform.Counters()
	t.Logf("cold start: %d clients, %d logins, %d bearers fetched, %d failed, %v", len(clients), n.Logins, n.OAuth, failed, time.Since(began).Round(time.Millisecond))
	if n.Logins != 1 || failed != 0 {
		t.Errorf("cold start: %d logins, %d failed (%v); want 1, 0", n.Logins, failed, err)
	}

	began = time.Now()
	expired := f.when(func(c sessiontest.Counters) bool { return c.Resources >= n.Resources+len(clients) }, f.platform.ExpireSessions)
	failed, err = everybody(clients, func(c *session.Client) error {
		for range 3 {
			if err := request(c); err != nil {
				return err
			}
		}
		return nil
	})
	expired()
	n = f.platform.Counters()
	t.Logf("expiry in mid-flight: %d logins, %d failed, %v", n.Logins-1, failed, time.Since(began).Round(time.Millisecond))
	if n.Logins != 2 || failed != 0 {
		t.Errorf("expiry: %d logins, %d failed (%v); want 1, 0", n.Logins-1, failed, err)
	}
}

func TestAThousandClientsWithAWrongPasswordSpendOneStrike(t *testing.T) {
	f := newFleet(t)
	f.platform.Credentials().Set(f.platform.Username(), "stale-password")
	clients := f.thousand(t)
	for round := range 2 {
		failed, _ := everybody(clients, func(c *session.Client) error {
			_, err := c.Token(t.Context())
			if err != nil && !errors.Is(err, session.ErrLatched) && !errors.Is(err, session.ErrCredentialsRefused) {
				t.Errorf("error %v", err)
			}
			return err
		})
		if failed != len(clients) {
			t.Errorf("round %d: %d of %d failed", round, failed, len(clients))
		}
	}
	n := f.platform.Counters()
	t.Logf("wrong password: %d clients, twice: %d logins, %d strikes", len(clients), n.Logins, n.MaxStrikes)
	if n.MaxStrikes != 1 || n.Logins != 1 {
		t.Errorf("%d logins, %d strikes; want 1, 1", n.Logins, n.MaxStrikes)
	}
}

func TestRotationWhileAThousandClientsWorkFailsNoRequest(t *testing.T) {
	f := newFleet(t)
	f.platform.SetSwitches(func(s *sessiontest.Switches) { s.ResetEndsSessions = true })
	clients := f.thousand(t)
	rotator := f.client(t, f.store(t))
	stop := make(chan struct{})
	var requests atomic.Int64
	var rotations int
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for range 3 {
			if _, err := rotator.ResetPassword(t.Context()); err != nil {
				t.Errorf("rotation: %v", err)
				return
			}
			rotations++
			// One request survives one change of the session. Two rotations in the life of a request
			// would be more than its one replay can save.
			tick := time.NewTicker(10 * time.Millisecond)
			for enough := requests.Load() + 3*int64(len(clients)); requests.Load() < enough; {
				<-tick.C
			}
			tick.Stop()
		}
	})
	failed, err := everybody(clients, func(c *session.Client) error {
		for {
			if err := f.request(t.Context(), c); err != nil {
				return err
			}
			requests.Add(1)
			select {
			case <-stop:
				return f.request(t.Context(), c)
			default:
			}
		}
	})
	wg.Wait()
	n := f.platform.Counters()
	t.Logf("%d rotations while %d clients made %d requests: %d failed, %d logins, %d strikes", rotations, len(clients), requests.Load(), failed, n.Logins, n.MaxStrikes)
	if failed != 0 || n.MaxStrikes != 0 || n.ResetsDone != 3 {
		t.Errorf("%d failed (%v), %d strikes, %d rotations; want 0, 0, 3", failed, err, n.MaxStrikes, n.ResetsDone)
	}
}

const holderEnvironment = "THINGSPACE_FLEETTEST_HOLDER"

// TestMain lets the test binary be the process that dies while it holds the lease.
func TestMain(m *testing.M) {
	if os.Getenv(holderEnvironment) != "" {
		holdTheLease()
		return
	}
	os.Exit(m.Run())
}

const shortCall = 2 * time.Second // so that a lease, twice as long, lapses in real time

func holdTheLease() {
	ctx := context.Background()
	store, err := redisstore.New(ctx, os.Getenv("THINGSPACE_STORE"))
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := session.New(session.Config{
		BaseURL:     os.Getenv("THINGSPACE_BASE_URL"),
		Application: session.Application{Key: sessiontest.DefaultKey, Secret: session.NewSecret(sessiontest.DefaultSecret)},
		Credentials: session.StaticCredentials(sessiontest.DefaultUsername, sessiontest.DefaultPassword),
		Store:       store, CallTimeout: shortCall,
		Trace: &session.Trace{Login: func(e session.LoginEvent) { fmt.Println(e.Phase) }},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Token(ctx)
	fmt.Println(err)
}

// awaitLogin returns when a login has reached the platform. "Started" is said before the request is sent: a holder
// killed between the two would leave the stall to its successor.
func (f *fleet) awaitLogin(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for f.platform.Counters().Logins == 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("no login reached the platform")
		}
	}
}

func TestAHolderKilledInMidLoginIsSucceededWithinTheLease(t *testing.T) {
	f := newFleet(t)
	f.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.StallHeaders, Times: 1})
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderEnvironment+"=1", "THINGSPACE_BASE_URL="+f.base, "THINGSPACE_STORE="+f.redis.URL())
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, len(session.LoginStarted))
	if _, err := stdout.Read(word); err != nil || string(word) != string(session.LoginStarted) {
		t.Fatalf("the holder said %q, %v", word, err)
	}
	f.awaitLogin(t)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()

	began := time.Now()
	client := f.client(t, f.store(t), func(c *session.Config) { c.CallTimeout = shortCall })
	for {
		err := f.request(t.Context(), client)
		if err == nil {
			break
		}
		var e *session.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 || time.Since(began) > time.Minute {
			t.Fatal(err)
		}
		timer := time.NewTimer(e.RetryAfter)
		<-timer.C
	}
	took := time.Since(began)
	t.Logf("the lease is %v long; the successor had a session after %v, %d logins reached the platform", 2*shortCall, took.Round(time.Millisecond), f.platform.Counters().Logins)
	// The lease, and the first back-off: the dead one's login may have counted.
	if took > 2*shortCall+5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWaitersLearnOfANewSessionSoon(t *testing.T) {
	f := newFleet(t)
	f.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: 500 * time.Millisecond})
	var accepted atomic.Int64
	holder := f.client(t, f.store(t), func(c *session.Config) {
		c.Trace = &session.Trace{Login: func(e session.LoginEvent) {
			if e.Phase == session.LoginAccepted {
				accepted.Store(time.Now().UnixNano())
			}
		}}
	})
	started := make(chan struct{})
	go func() {
		close(started)
		_, _ = holder.Token(t.Context())
	}()
	<-started
	var waiters []*session.Client
	for range 20 {
		waiters = append(waiters, f.client(t, f.store(t)))
	}
	var mu sync.Mutex
	var latencies []time.Duration
	failed, err := everybody(waiters, func(c *session.Client) error {
		_, err := c.Token(t.Context())
		learnt := time.Now().UnixNano()
		mu.Lock()
		latencies = append(latencies, time.Duration(learnt-accepted.Load()))
		mu.Unlock()
		return err
	})
	if failed != 0 {
		t.Fatal(err)
	}
	worst := time.Duration(0)
	for _, l := range latencies {
		worst = max(worst, l)
	}
	t.Logf("%d waiters knew of the new session at most %v after its holder", len(latencies), worst.Round(100*time.Microsecond))
	if n := f.platform.Counters(); n.Logins != 1 {
		t.Errorf("%d logins, want 1", n.Logins)
	}
}

// TestStoreOperationsPerClient measures what a client costs the store, busy and idle.
func TestStoreOperationsPerClient(t *testing.T) {
	f := newFleet(t)
	counting := storetest.NewFaulty(f.store(t))
	client := f.client(t, counting)
	if err := f.request(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	cold := counting.Calls(storetest.AnyOp)
	for range 1000 {
		if err := f.request(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d operations for the first login, %d more for a thousand requests", cold, counting.Calls(storetest.AnyOp)-cold)
}
