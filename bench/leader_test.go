package bench

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

const (
	waiters   = 20
	patience  = 30 * time.Millisecond  // how long the waiters have been waiting when the first caller gives up
	longLogin = 200 * time.Millisecond // which a login takes longer than
)

// The caller that started the login gives up; the others have all the time in the world. And, apart from
// that: a caller without time waits for somebody else's login.
func TestTableLeaderCancelled(t *testing.T) {
	out := newTable("The first of 21 callers gives up during the login; and a caller with 30 ms waits for another's",
		"peer", "waiters failed, of 20", "logins made", "the first returns after giving up, ms", "the one with 30 ms returns after, ms")
	for _, p := range holders() {
		failed, logins, first := leaderLeaves(t, p)
		out.add(p.name, failed, logins, milliseconds(first), milliseconds(waiterLeaves(t, p)))
		if p.name == ours.name && (failed != 0 || logins != 1) {
			t.Errorf("%d waiters failed, %d logins; want 0 and 1", failed, logins)
		}
	}
	out.print(t)
}

// inLogin is a peer whose login, started by a caller with the given context, has reached the platform.
func inLogin(t *testing.T, p peer, all *sync.WaitGroup, first func(http.RoundTripper, env)) (http.RoundTripper, env) {
	t.Helper()
	e := newEnv(t, nil)
	e.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: longLogin})
	transport := p.hold(e)
	all.Go(func() { first(transport, e) })
	within(t, time.Minute, "the login", func() bool { return e.platform.Counters().Logins > 0 })
	return transport, e
}

func leaderLeaves(t *testing.T, p peer) (failed, logins int, returned time.Duration) {
	t.Helper()
	var (
		all    sync.WaitGroup
		count  atomic.Int32
		gaveUp time.Time
	)
	leader, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	transport, e := inLogin(t, p, &all, func(transport http.RoundTripper, e env) {
		_ = get(leader, transport, e)
		returned = time.Since(gaveUp)
	})
	for range waiters {
		all.Go(func() {
			if err := get(t.Context(), transport, e); err != nil {
				count.Add(1)
			}
		})
	}
	<-time.After(patience)
	gaveUp = time.Now()
	giveUp()
	all.Wait()
	return int(count.Load()), e.platform.Counters().Logins, returned
}

func waiterLeaves(t *testing.T, p peer) (returned time.Duration) {
	t.Helper()
	var all sync.WaitGroup
	defer all.Wait()
	transport, e := inLogin(t, p, &all, func(transport http.RoundTripper, e env) { _ = get(t.Context(), transport, e) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	_ = get(ctx, transport, e)
	return time.Since(began)
}
