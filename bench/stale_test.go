package bench

import (
	"net/http"
	"sync"
	"testing"
)

// Requests that were all signed with the session that has ended are refused one after the other, each
// after the one before has been answered: only the first refusal says something new.
func TestTableStaleRefusals(t *testing.T) {
	const requests = 20
	out := newTable("20 requests signed with the session that has ended, refused one after the other",
		"peer", "logins made", "requests failed")
	for _, p := range holders() {
		e := newEnv(t, nil)
		gate := &gate{base: e.base, arrived: make(chan chan struct{}, requests)}
		e.base = gate
		transport := p.hold(e)
		if err := get(t.Context(), transport, e); err != nil {
			t.Fatal(p.name, err)
		}
		before := e.platform.Counters().Logins
		gate.hold(requests)
		var (
			all    sync.WaitGroup
			ended  = make(chan error, requests)
			passes []chan struct{}
		)
		for range requests {
			all.Go(func() { ended <- get(t.Context(), transport, e) })
		}
		for range requests {
			passes = append(passes, <-gate.arrived)
		}
		e.platform.ExpireSessions()
		failed := 0
		for _, pass := range passes {
			close(pass)
			if err := <-ended; err != nil {
				failed++
			}
		}
		all.Wait()
		logins := e.platform.Counters().Logins - before
		out.add(p.name, logins, failed)
		if p.name == ours.name && (logins != 1 || failed != 0) {
			t.Errorf("%d logins, %d failed; want 1 and 0", logins, failed)
		}
	}
	out.print(t)
}

// gate holds back the next requests for resources until each is let through.
type gate struct {
	base    http.RoundTripper
	arrived chan chan struct{}

	mu   sync.Mutex
	left int
}

func (g *gate) hold(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = n
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	g.mu.Lock()
	held := g.left > 0 && req.Method == http.MethodGet
	if held {
		g.left--
	}
	g.mu.Unlock()
	if held {
		pass := make(chan struct{})
		g.arrived <- pass
		<-pass
	}
	return g.base.RoundTrip(req)
}
