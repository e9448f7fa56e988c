package growth

import (
	"io"
	"net/http"
	"testing"

	"iot.internal/thingspace/internal/plot"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// TestClients opens many clients of one account in one process, each of which makes a request.
func TestClients(t *testing.T) {
	var bytes, processor []plot.Point
	for _, n := range sizes(10_000) {
		p := sessiontest.New(t)
		cfg := p.Config()
		clients := make([]*session.Client, 0, n)
		before, spent := held(), processorTime(t)
		for range n {
			c, err := session.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatal(resp.Status)
			}
			clients = append(clients, c)
		}
		settle(t)
		spent = processorTime(t) - spent
		memory := max(held(), before+1) - before
		if logins := p.Counters().Logins; logins != 1 {
			t.Errorf("%d clients made %d logins", n, logins)
		}
		for _, c := range clients {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		bytes = append(bytes, plot.Point{X: float64(n), Y: float64(memory)})
		processor = append(processor, plot.Point{X: float64(n), Y: float64(spent.Nanoseconds())})
	}
	if whole() {
		linear(t, "the memory of clients", bytes)
		linear(t, "the time of clients", processor)
	}
	if last := bytes[len(bytes)-1]; last.Y/last.X > 64<<10 {
		t.Errorf("each of %.0f clients holds %.0f bytes", last.X, last.Y/last.X)
	}
	doc.add(section{
		name: "Clients in one process", file: "growth-clients", x: "clients", y: "bytes, or µs, of each",
		say: "All have the same account and store, like parts of a service that do not know of each other; each makes one request, and one of them logs in. " +
			"One client for all of them is what is meant to be: this is what it costs not to.",
		columns: []column{{"bytes each", bytes, true, 1}, {"processor time each, µs", processor, true, 1000}},
		plots:   []string{"bytes each", "processor time each, µs"}, log: true,
	})
}
