package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// kind is something that happens to a fleet, with what it costs.
type kind struct {
	name    string
	logins  int           // that will be sent
	fails   int           // requests that may fail at most; any: as long as it lasts
	stale   bool          // a token in hand may be refused
	only    string        // the fleet it happens to; "" is all
	apart   time.Duration // between two of it
	produce func(ctx context.Context, f *fleet) error
}

const anyNumber = 1 << 30

var kinds = []kind{
	{name: "sessions expire", logins: 1, stale: true, produce: func(_ context.Context, f *fleet) error {
		f.platform.ExpireSessions()
		return nil
	}},
	{name: "bearers expire", stale: true, produce: func(_ context.Context, f *fleet) error {
		f.platform.ExpireBearers()
		return nil
	}},
	{name: "logout", logins: 1, stale: true, produce: func(ctx context.Context, f *fleet) error { return f.any().Logout(ctx) }},
	{name: "login", logins: 1, stale: true, produce: func(ctx context.Context, f *fleet) error {
		_, err := f.any().Login(ctx)
		return err
	}},
	{name: "rotation", logins: 1, stale: true, produce: func(ctx context.Context, f *fleet) error {
		_, err := f.any().ResetPassword(ctx)
		return err
	}},
	{name: "rotation whose answer is lost", logins: 1, stale: true, produce: func(ctx context.Context, f *fleet) error {
		f.fault(sessiontest.Reset, 1, sessiontest.Fault{Kind: sessiontest.Status, Status: 502, Body: sessiontest.BodyHTML})
		c := f.any()
		if _, err := c.ResetPassword(ctx); !errors.Is(err, session.ErrOutcomeUnknown) {
			f.problem("a reset without an answer ends with %v", err)
		}
		return retry(ctx, func() error {
			_, err := c.Login(ctx)
			return err
		})
	}},
	{name: "restart", produce: func(_ context.Context, f *fleet) error {
		f.restart(rand.IntN(clientsEach))
		return nil
	}},
	{name: "requests fail", fails: 5, produce: func(ctx context.Context, f *fleet) error {
		f.fault(sessiontest.Resource, 5,
			sessiontest.Fault{Kind: sessiontest.Drop, Acted: true},
			sessiontest.Fault{Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML},
			sessiontest.Fault{Kind: sessiontest.Status, Status: 500},
			sessiontest.Fault{Kind: sessiontest.Truncate},
			sessiontest.Fault{Kind: sessiontest.GzipBomb, Size: 1 << 20},
			sessiontest.Fault{Kind: sessiontest.Redirect, Location: "https://evil.example/"},
			sessiontest.Fault{Kind: sessiontest.Slow, Delay: 300 * time.Millisecond})
		return pause(ctx, time.Second)
	}},
	{name: "a session is refused out of turn", logins: 1, stale: true, produce: func(ctx context.Context, f *fleet) error {
		f.fault(sessiontest.Resource, 1, sessiontest.Fault{Kind: sessiontest.SessionToken})
		return pause(ctx, time.Second)
	}},
	{name: "a login fails", logins: 2, fails: anyNumber, produce: func(_ context.Context, f *fleet) error {
		f.fault(sessiontest.Login, 1,
			sessiontest.Fault{Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML},
			sessiontest.Fault{Kind: sessiontest.Empty},
			sessiontest.Fault{Kind: sessiontest.Truncate})
		f.platform.ExpireSessions()
		return nil
	}},
	// Its strike stays listed as long as it may be on its way: with two of them and another failure all logins would stop.
	{name: "a login gets no answer", logins: 2, fails: anyNumber, apart: 6 * time.Minute, produce: func(_ context.Context, f *fleet) error {
		f.fault(sessiontest.Login, 1, sessiontest.Fault{Kind: sessiontest.Drop, Acted: true}, sessiontest.Fault{Kind: sessiontest.Drop})
		f.platform.ExpireSessions()
		return nil
	}},
	{name: "no bearer", fails: anyNumber, produce: func(ctx context.Context, f *fleet) error {
		f.fault(sessiontest.OAuth, 1,
			sessiontest.Fault{Kind: sessiontest.Drop},
			sessiontest.Fault{Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyHTML},
			sessiontest.Fault{Kind: sessiontest.Status, Status: 429, RetryAfter: "1"})
		f.platform.ExpireBearers()
		return pause(ctx, 1500*time.Millisecond) // whoever was told to wait a second does
	}},
	{name: "Redis stands still", only: "redis", produce: func(ctx context.Context, f *fleet) error {
		f.redis.Pause()
		defer f.redis.Resume()
		return pause(ctx, 2*time.Second)
	}},
	{name: "Redis is killed", only: "redis", produce: func(ctx context.Context, f *fleet) error {
		f.redis.Kill()
		defer f.redis.Restart()
		return pause(ctx, time.Second)
	}},
}

// fault injects one of some faults.
func (f *fleet) fault(on sessiontest.Endpoint, times int, some ...sessiontest.Fault) {
	one := some[rand.IntN(len(some))]
	one.On, one.Times = []sessiontest.Endpoint{on}, times
	f.platform.Inject(one)
}

// event is one that happened.
type event struct {
	kind    *kind
	began   time.Time
	ended   time.Time // zero while it lasts
	logins  int       // that were sent
	failed  int       // requests
	standby int       // requests whose body could not be sent again
}

// due reports whether a kind of event may happen to the fleet now.
func (f *fleet) due(k *kind) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.kind == k && time.Since(e.ended) < k.apart {
			return false
		}
	}
	return k.only == "" || k.only == f.name
}

// happen lets something happen, waits until all is well again, and compares.
func (f *fleet) happen(ctx context.Context, k *kind) {
	before := f.platform.Counters()
	e := &event{kind: k, began: time.Now()}
	f.mu.Lock()
	f.events = append(f.events, e)
	f.mu.Unlock()
	f.story.tell("%s begins", k.name)
	if err := k.produce(ctx, f); err != nil {
		f.problem("%s: %v", k.name, err)
	}
	for i := range f.clients {
		if err := retry(ctx, func() error { return f.request(ctx, f.clients[i].client, "GET", nil) }); err != nil {
			f.problem("%s: it does not heal: %v", k.name, err)
		}
	}
	f.story.tell("%s has healed", k.name)
	f.platform.ClearFaults()
	after := f.platform.Counters()
	f.mu.Lock()
	e.ended, e.logins = time.Now(), after.Logins-before.Logins
	f.mu.Unlock()
	if e.logins != k.logins {
		f.problem("%s: %d logins, predicted were %d", k.name, e.logins, k.logins)
	}
	if after.Locked || after.LoginsRefused+after.ResetsRefused != 0 || after.MisplacedSecrets != 0 {
		f.problem("%s: locked %v, %d logins and %d resets refused, %d secrets in the wrong place",
			k.name, after.Locked, after.LoginsRefused, after.ResetsRefused, after.MisplacedSecrets)
	}
}

// retry tries until it works, for a minute at most.
func retry(ctx context.Context, do func() error) (err error) {
	for end := time.Now().Add(healTimeout); time.Now().Before(end); {
		if err = do(); err == nil {
			return nil
		}
		if failed := pause(ctx, 100*time.Millisecond); failed != nil {
			return err
		}
	}
	return err
}

// during returns the events that a request met, which began at a time and has just ended.
func (f *fleet) during(began time.Time) []*event {
	var met []*event
	for i := len(f.events) - 1; i >= 0; i-- {
		if e := f.events[i]; e.ended.IsZero() || !e.ended.Before(began) {
			met = append(met, e)
		} else {
			break
		}
	}
	return met
}

// lately names what happened during a request, or last before it.
func (f *fleet) lately(began time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, e := range f.during(began) {
		names = append(names, e.kind.name)
	}
	if len(names) == 0 && len(f.events) > 0 {
		names = append(names, "nothing happens after "+f.events[len(f.events)-1].kind.name)
	}
	return strings.Join(names, " after ")
}

// explained counts a failed request with an event that may fail it, and reports whether there is one.
func (f *fleet) explained(began time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.during(began) {
		if e.failed < e.kind.fails {
			e.failed++
			return true
		}
	}
	return false
}

// staleSince does the same for a request that was refused for a stale token and could not be sent again.
func (f *fleet) staleSince(began time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.during(began) {
		if e.kind.stale || e.kind.fails == anyNumber {
			e.standby++
			return true
		}
	}
	return false
}
