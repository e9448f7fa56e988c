package fleettest

import (
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
	"iot.internal/thingspace/session/storetest"
)

// TestADayOfAFleet takes the same code through a day of virtual time: five hundred, or ten thousand,
// clients of one store that ask at random times, are restarted, and see their sessions ended and two
// rotations.
func TestADayOfAFleet(t *testing.T) {
	clients := 500 // `make fleet-day` takes ten thousand, which lasts minutes
	if os.Getenv("THINGSPACE_FLEET_DAY") != "" {
		clients = 10_000
	}
	synctest.Test(t, func(t *testing.T) {
		p := sessiontest.New(t, sessiontest.WithSwitches(func(s *sessiontest.Switches) { s.ResetEndsSessions = true }))
		counting := storetest.NewFaulty(p.Store())
		cfg := p.Config()
		cfg.Store = counting
		var requests, failed, restarts atomic.Int64
		var wg sync.WaitGroup
		began := time.Now()
		end := began.Add(24 * time.Hour)
		for i := range clients {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			wg.Go(func() {
				client, err := session.New(cfg)
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = client.Close() }()
				for {
					time.Sleep(time.Duration(random.Int64N(int64(2 * time.Hour))))
					if !time.Now().Before(end) {
						return
					}
					if random.IntN(12) == 0 { // about once a day
						_ = client.Close()
						restarts.Add(1)
						if client, err = session.New(cfg); err != nil {
							t.Error(err)
							return
						}
					}
					requests.Add(1)
					resp, err := client.HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
					if err != nil {
						failed.Add(1)
						continue
					}
					_ = resp.Body.Close()
					if resp.StatusCode != 200 {
						failed.Add(1)
					}
				}
			})
		}
		rotator, err := session.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for hour := range 24 {
			time.Sleep(time.Hour - time.Minute)
			switch hour {
			case 5, 17:
				if _, err := rotator.ResetPassword(t.Context()); err != nil {
					t.Errorf("rotation: %v", err)
				}
			case 8, 14:
				p.ExpireSessions()
			case 10:
				p.ExpireBearers()
			}
			time.Sleep(time.Minute)
		}
		wg.Wait()
		_ = rotator.Close()
		n := p.Counters()
		operations := counting.Calls(storetest.AnyOp)
		t.Logf("%d clients, 24 hours: %d requests, %d failed, %d restarts, %d logins, %d bearers fetched, %d strikes, %d store operations: %.2f per client and hour",
			clients, requests.Load(), failed.Load(), restarts.Load(), n.Logins, n.OAuth, n.MaxStrikes, operations, float64(operations)/float64(clients)/24)
		if n.Logins > 10 || n.MaxStrikes != 0 || failed.Load() != 0 {
			t.Errorf("%d logins, %d strikes, %d failed requests", n.Logins, n.MaxStrikes, failed.Load())
		}
	})
}
