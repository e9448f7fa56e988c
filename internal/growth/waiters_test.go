package growth

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"iot.internal/thingspace/internal/plot"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// holding keeps logins back until it is told to let them go.
type holding struct {
	http.RoundTripper
	let chan struct{}
}

func (h holding) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/session/login") {
		<-h.let
	}
	return h.RoundTripper.RoundTrip(req)
}

// TestWaiters lets many goroutines wait for one login.
func TestWaiters(t *testing.T) {
	var bytes, bare, processor, release []plot.Point
	for _, n := range sizes(100_000) {
		p := sessiontest.New(t)
		cfg := p.Config()
		h := holding{cfg.Transport, make(chan struct{})}
		cfg.Transport = h
		client, err := session.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var released time.Duration
		spent := processorTime(t)
		m := crowd(t, n, func(ctx context.Context) error {
			_, err := client.Token(ctx)
			return err
		}, func() { released = processorTime(t); close(h.let) })
		now := processorTime(t)
		took := now - released
		spent = now - spent
		if logins := p.Counters().Logins; logins != 1 {
			t.Errorf("%d goroutines made %d logins", n, logins)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		let := make(chan struct{})
		b := crowd(t, n, func(ctx context.Context) error {
			select {
			case <-let:
			case <-ctx.Done():
			}
			return nil
		}, func() { close(let) })
		x := float64(n)
		if n >= 1000 { // fewer do not show beside what the runtime keeps in stock
			bytes = append(bytes, plot.Point{X: x, Y: float64(m)})
			bare = append(bare, plot.Point{X: x, Y: float64(b)})
		}
		processor = append(processor, plot.Point{X: x, Y: float64(spent.Nanoseconds())})
		release = append(release, plot.Point{X: x, Y: float64(took.Nanoseconds())})
	}
	if whole() {
		linear(t, "the memory of waiters", bytes)
		linear(t, "the time of waiters", processor)
	}
	if last := bytes[len(bytes)-1]; last.Y/last.X > 8<<10 {
		t.Errorf("each of %.0f waiters holds %.0f bytes", last.X, last.Y/last.X)
	}
	doc.add(section{
		name: "Goroutines that wait for one login", file: "growth-waiters", x: "goroutines", y: "bytes, or ns, of each",
		say: "All call Token at once while no session is there; the login is held back until all wait. Beside it, goroutines that do nothing but wait " +
			"for a channel or their context. Time is the processor's: for everything, and from the platform's answer until the last one is served.",
		columns: []column{
			{"bytes each", bytes, true, 1},
			{"bytes each, bare goroutine", bare, true, 1},
			{"processor time each, ns", processor, true, 1},
			{"of it after the answer, ns", release, true, 1},
		},
		plots: []string{"bytes each", "bytes each, bare goroutine", "processor time each, ns", "of it after the answer, ns"},
		log:   true,
	})
}

// crowd starts n goroutines, waits until all of them wait, measures what they hold, lets them go, and
// returns when all have ended.
func crowd(t *testing.T, n int, do func(context.Context) error, let func()) uint64 {
	t.Helper()
	before := held()
	var wg sync.WaitGroup
	var begun, failed atomic.Int64
	for range n {
		wg.Go(func() {
			begun.Add(1)
			if do(t.Context()) != nil {
				failed.Add(1)
			}
		})
	}
	for begun.Load() < int64(n) {
		runtime.Gosched()
	}
	settle(t)
	after := held()
	let()
	wg.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of %d failed", failed.Load(), n)
	}
	return max(after, before+1) - before
}

// settle waits until nobody computes any more.
func settle(t *testing.T) {
	t.Helper()
	for last := processorTime(t); ; {
		timer := time.NewTimer(20 * time.Millisecond)
		<-timer.C
		now := processorTime(t)
		if now-last < time.Millisecond {
			return
		}
		last = now
	}
}
