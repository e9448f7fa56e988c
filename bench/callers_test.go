package bench

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// tally is what became of requests that were made at the same time.
type tally struct {
	failed  int
	last    time.Duration // until the last caller had an answer
	p50     time.Duration
	p99     time.Duration
	example error
}

// storm makes n requests at the same moment.
func storm(t *testing.T, transport http.RoundTripper, e env, n int) tally {
	t.Helper()
	var (
		start = make(chan struct{})
		ready sync.WaitGroup
		done  sync.WaitGroup
		took  = make([]time.Duration, n)
		errs  = make([]error, n)
	)
	ctx := t.Context()
	ready.Add(n)
	var began time.Time
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = get(ctx, transport, e)
			took[i] = time.Since(began)
		})
	}
	ready.Wait()
	began = time.Now()
	close(start)
	done.Wait()

	var result tally
	for _, err := range errs {
		if err != nil {
			result.failed++
			result.example = err
		}
	}
	slices.Sort(took)
	result.last, result.p50, result.p99 = took[n-1], took[n/2], took[n*99/100]
	return result
}

var errStatus = errors.New("not answered with 200")

// get asks for a resource; anything but 200 is an error.
func get(ctx context.Context, transport http.RoundTripper, e env) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, resource(e.platform), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errStatus
	}
	return nil
}

// within waits for a condition that other goroutines bring about.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("in vain waited for: ", what)
		}
	}
}
