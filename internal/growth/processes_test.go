package growth

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/internal/plot"
	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// TestProcesses lets many processes that share a store start at the same moment without a session,
// while a login takes a second.
func TestProcesses(t *testing.T) {
	operations, processor := overMemory(t)
	linear(t, "operations of the store", operations)
	columns := []column{{"store operations each, polling", operations, true, 1}, {"processor time each, µs, polling", processor, true, 1000}}
	if redistest.Installed() {
		clock, spent := overRedis(t)
		columns = append(columns, column{"over Redis: all served after, ms", clock, false, 1e6}, column{"over Redis: processor time each, µs", spent, true, 1000})
	} else {
		t.Log(redistest.HowToGet + ": not measured over Redis")
	}
	doc.add(section{
		name: "Processes on one store", file: "growth-processes", x: "processes", y: "operations, or µs, of each",
		say: "All start at the same moment without a session, and ask for one; the platform takes a second over the login. " +
			"Polling: a store that tells nobody of changes, in virtual time. Over Redis: a real server that does tell, each with a connection of its own, up to 300 in one process; " +
			"the second that the login takes is in it.",
		columns: columns,
		plots:   []string{"store operations each, polling", "processor time each, µs, polling", "over Redis: processor time each, µs"}, log: true,
	})
}

const loginTakes = time.Second

func slowLogin() sessiontest.Fault {
	return sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Login}, Kind: sessiontest.Slow, Delay: loginTakes}
}

// overMemory counts what a storm of processes asks of a store that does not tell of changes.
func overMemory(t *testing.T) (operations, processor []plot.Point) {
	t.Helper()
	for _, n := range sizes(10_000) {
		spent := processorTime(t)
		synctest.Test(t, func(t *testing.T) {
			store := storetest.NewFaulty(session.NewMemoryStore()) // it hides Watch
			p := sessiontest.New(t, sessiontest.WithStore(store))
			p.Inject(slowLogin())
			storm(t, p, n, func(int) session.Config { return p.Config() })
			operations = append(operations, plot.Point{X: float64(n), Y: float64(store.Calls(storetest.AnyOp))})
		})
		processor = append(processor, plot.Point{X: float64(n), Y: float64((processorTime(t) - spent).Nanoseconds())})
	}
	return operations, processor
}

// overRedis measures the same over a real server, in real time.
func overRedis(t *testing.T) (clock, processor []plot.Point) {
	t.Helper()
	counts := []int{1, 10, 30}
	if whole() {
		counts = []int{1, 3, 10, 30, 100, 300}
	}
	server := redistest.Start(t, redistest.Safe...)
	for _, n := range counts {
		server.MustDo("FLUSHALL")
		stores := make([]*redisstore.Store, n)
		for i := range stores {
			store, err := redisstore.New(t.Context(), server.URL())
			if err != nil {
				t.Fatal(err)
			}
			stores[i] = store
		}
		p := sessiontest.New(t)
		p.Inject(slowLogin())
		began, spent := time.Now(), processorTime(t)
		storm(t, p, n, func(i int) session.Config {
			cfg := p.Config()
			cfg.Store = stores[i]
			return cfg
		})
		clock = append(clock, plot.Point{X: float64(n), Y: float64(time.Since(began).Nanoseconds())})
		processor = append(processor, plot.Point{X: float64(n), Y: float64((processorTime(t) - spent).Nanoseconds())})
		for _, store := range stores {
			_ = store.Close()
		}
	}
	return clock, processor
}

// storm starts n clients at once.
func storm(t *testing.T, p *sessiontest.Server, n int, config func(i int) session.Config) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c, err := session.New(config(i))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := c.Token(t.Context()); err != nil {
				t.Error(err)
			}
			_ = c.Close()
		})
	}
	wg.Wait()
	if logins := p.Counters().Logins; logins != 1 {
		t.Errorf("%d processes made %d logins", n, logins)
	}
}
