package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"iot.internal/thingspace/session"
)

const (
	// lookPause is between two looks at the store, however often somebody asks.
	lookPause = time.Second
	// lookLimit is what a look may take.
	lookLimit = 2 * time.Second
)

// readiness says whether the proxy can be expected to answer. It reads the shared record and sends
// nothing to the platform: asking it, however often, never costs a login.
type readiness struct {
	client   Client
	held     *held
	draining atomic.Bool

	mu     sync.Mutex
	at     time.Time
	status session.Status
	err    error
}

// look returns what the record says, as of a second ago at most.
func (r *readiness) look(ctx context.Context) (session.Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) >= lookPause {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		r.status, r.err = r.client.Status(ctx)
		r.at = time.Now()
	}
	return r.status, r.err
}

// reason is why the proxy is not ready, "" if it is.
func (r *readiness) reason(ctx context.Context) string {
	if r.draining.Load() {
		return "ending"
	}
	if r.held.usable(time.Now()) {
		return "" // a session in hand works without the store, and whatever became of the password
	}
	s, err := r.look(ctx)
	switch {
	case errors.Is(err, session.ErrStoreUnavailable):
		return "the session store is unavailable"
	case err != nil:
		return "the credentials or the shared record cannot be read"
	case s.Session.Alive && s.Session.Readable && s.Session.Obtained.After(r.held.refusedAt()):
		return ""
	case s.Password == session.PasswordMissing:
		return "there is no password"
	case s.Latched:
		return "no login is sent until a person acts: see 'thingspace status'"
	case s.Rotation == session.RotationSending:
		return "the password is being changed"
	case s.NotBefore.After(time.Now()):
		return fmt.Sprintf("no login before %s, after a failure", s.NotBefore.UTC().Format(time.RFC3339))
	}
	return "" // a login is allowed
}

// held is what the trace tells of the tokens in hand.
type held struct {
	mu          sync.Mutex
	present     bool
	refused     time.Time // when the platform refused the latest session
	bearerUntil time.Time
	lastUsed    atomic.Int64 // Unix nanoseconds
}

// idleLimit is how long a session lives unused (documented).
const idleLimit = 20 * time.Minute

func (h *held) session(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.present = reason == "login" || reason == "adopted"
	if !h.present {
		h.lastUsed.Store(0)
	}
	if reason == "refused" {
		h.refused = time.Now()
	}
}

// refusedAt is when the platform refused a session: what the record holds from before is dead.
func (h *held) refusedAt() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refused
}

func (h *held) bearer(e session.BearerEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Err == nil && e.Remaining > 0 {
		h.bearerUntil = time.Now().Add(e.Remaining)
	}
}

// used says that the platform has just accepted both tokens.
func (h *held) used() { h.lastUsed.Store(time.Now().UnixNano()) }

func (h *held) usable(now time.Time) bool {
	last := h.lastUsed.Load()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.present && last != 0 && now.Sub(time.Unix(0, last)) < idleLimit && now.Before(h.bearerUntil)
}
