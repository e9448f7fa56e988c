package soak

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
)

// TestSoak lasts THINGSPACE_SOAK, or a few seconds; THINGSPACE_SOAK_REPORT is a directory for the report.
func TestSoak(t *testing.T) {
	lasts := 6 * time.Second
	if text := os.Getenv("THINGSPACE_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	head := describe(t)
	fleets := []*fleet{newFleet(t, "memory"), newFleet(t, "file")}
	if os.Getenv("CI") == "true" || redistest.Installed() {
		fleets = append(fleets, newFleet(t, "redis"))
	} else {
		t.Log(redistest.HowToGet + ": the fleet with a Redis store is left out")
	}
	for _, f := range fleets {
		// All clients, since a store may be what fails first, and only a token in hand goes on working then.
		for i := range f.clients {
			if _, err := f.clients[i].client.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	began := time.Now()
	var traffic, events sync.WaitGroup
	for _, f := range fleets {
		traffic.Go(func() { f.traffic(ctx) })
		events.Go(func() {
			for time.Since(began) < lasts {
				// One after the other in random order: each kind comes as often.
				for _, i := range rand.Perm(len(kinds)) {
					if k := &kinds[i]; f.due(k) && time.Since(began) < lasts {
						f.happen(ctx, k)
						_ = pause(ctx, rand.N(500*time.Millisecond))
					}
				}
			}
		})
	}
	samples := watch(ctx, began, lasts)
	events.Wait()
	stop()
	traffic.Wait()
	if len(samples) < 8 {
		t.Fatalf("%d samples", len(samples))
	}
	early, late := flat(t, samples)
	r := report{head: head, lasts: lasts, fleets: fleets, samples: samples, early: early, late: late}
	t.Log("\n" + r.tables())
	if dir := os.Getenv("THINGSPACE_SOAK_REPORT"); dir != "" && !t.Failed() {
		r.write(t, dir)
	}
}

// watch takes 120 samples.
func watch(ctx context.Context, began time.Time, lasts time.Duration) []sample {
	var samples []sample
	for time.Since(began) < lasts && pause(ctx, lasts/120) == nil {
		samples = append(samples, take(began))
	}
	return samples
}
