package session

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

const (
	// What a lease of another program may ask us to wait at most, and if it says nothing.
	maxLease     = 15 * time.Minute
	defaultLease = 3 * time.Minute

	firstPoll = 20 * time.Millisecond
	lastPoll  = time.Second
	// With a store that tells of changes, polling is only the net below.
	watchedPoll = 2 * time.Second
)

// sightings remembers since when leases have been seen unchanged, by this process's monotonic clock:
// clocks of other hosts, and jumps of this one's, do not count.
type sightings struct {
	mu    sync.Mutex
	since map[string]time.Time
}

// lapsed notes that a lease is there, and reports whether it has been for its whole length.
func (s *sightings) lapsed(l ledger.Lease) bool { return s.remaining(l) <= 0 }

// remaining notes that a lease is there, and reports how long it has to be seen yet.
func (s *sightings) remaining(l ledger.Lease) time.Duration {
	length := heededLength(l.Length)
	s.mu.Lock()
	defer s.mu.Unlock()
	first, seen := s.since[l.ID]
	if !seen {
		if s.since == nil {
			s.since = map[string]time.Time{}
		}
		s.since[l.ID] = time.Now()
		return length
	}
	return length - time.Since(first)
}

// heededLength is the length of a lease, or of a mark, as it is heeded.
func heededLength(said time.Duration) time.Duration {
	if said <= 0 {
		said = defaultLease
	}
	return min(said, maxLease)
}

// lapsedIn names what has lapsed in a record.
func (s *sightings) lapsedIn(r ledger.Record, application string) []string {
	var ids, present []string
	note := func(l ledger.Lease) {
		present = append(present, l.ID)
		if s.lapsed(l) {
			ids = append(ids, l.ID)
		}
	}
	if r.Lease != nil {
		note(*r.Lease)
	}
	if m := r.Rotation; m != nil && m.Busy() {
		if m.Orphaned(time.Now()) { // or a command, which waits for less than a mark's length, would never see it lapse
			ids = append(ids, m.ID)
		} else {
			note(ledger.Lease{ID: m.ID, Length: m.Length})
		}
	}
	if f := r.Applications[application].Fetch; f != nil {
		note(*f)
	}
	s.forgetBut(present)
	return ids
}

// forgetBut forgets leases that are in the record no more.
func (s *sightings) forgetBut(present []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.since, func(id string, _ time.Time) bool { return !slices.Contains(present, id) })
}

// waiter waits for a record to change: by polling ever more slowly, or told by the store.
type waiter struct {
	store   Store
	key     string
	poll    time.Duration
	changed <-chan struct{}
	tried   bool
	again   time.Time // no other watch before
}

// next waits until it is worth looking again: for a change, for a while, or until what is waited for
// has lapsed. Its error is the end of ctx.
func (w *waiter) next(ctx context.Context, lapses time.Duration) error {
	if watcher, ok := w.store.(Watcher); ok && !w.tried && !time.Now().Before(w.again) {
		w.tried = true
		if changed, err := watcher.Watch(ctx, w.key); err == nil {
			w.changed = changed
			// Look once more at once: it may have changed before the watch began.
			return nil
		}
	}
	w.poll = min(max(2*w.poll, firstPoll), lastPoll)
	limit := w.poll
	if w.changed != nil {
		limit = watchedPoll
	}
	t := time.NewTimer(min(jitter(limit), max(lapses, 0)+jitter(firstPoll)))
	defer t.Stop()
	select {
	case _, open := <-w.changed:
		if !open {
			// A watch that ends as soon as it begins must not be begun without a pause.
			w.changed, w.tried, w.again = nil, false, time.Now().Add(lastPoll)
		}
		return nil
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
