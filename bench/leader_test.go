package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

const (
	waiters    = 20
	leaderGone = 30 * time.Millisecond  // after this the first caller gives up
	longLogin  = 150 * time.Millisecond // which a login takes longer than
)

// The caller that started the login gives up; the others have all the time in the world.
func TestTableLeaderCancelled(t *testing.T) {
	out := newTable("The first of 21 callers gives up during the login",
		"peer", "waiters failed, of 20", "logins made", "the first returns after, ms (30 asked for)", "a waiter with 30 ms returns after")
	for _, p := range holders() {
		e := newEnv(t, nil)
		e.platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: longLogin})
		transport := p.hold(e)
		var (
			all       sync.WaitGroup
			failed    atomic.Int32
			first     time.Duration
			impatient time.Duration
		)
		budgeted := func(spent *time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), leaderGone)
			defer cancel()
			began := time.Now()
			_ = get(ctx, transport, e)
			*spent = time.Since(began)
		}
		all.Go(func() { budgeted(&first) })
		within(t, time.Minute, "the login", func() bool { return e.platform.Counters().Logins > 0 })
		for range waiters {
			all.Go(func() {
				if err := get(t.Context(), transport, e); err != nil {
					failed.Add(1)
				}
			})
		}
		all.Go(func() { budgeted(&impatient) })
		all.Wait()
		logins := e.platform.Counters().Logins
		out.add(p.name, failed.Load(), logins, milliseconds(first), milliseconds(impatient))
		if p.name == ours.name && (failed.Load() != 0 || logins != 1) {
			t.Errorf("%d waiters failed, %d logins; want 0 and 1", failed.Load(), logins)
		}
	}
	out.print(t)
}
