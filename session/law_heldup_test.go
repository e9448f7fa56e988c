package session_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// swapping is a source that can compare before it saves; before is called ahead of every write. It
// minds no context: the clock of contexts stands still with a suspended machine.
type swapping struct {
	*sessiontest.Credentials
	mu     *sync.Mutex
	before func(c session.Credentials)
}

func (s swapping) Load(ctx context.Context) (session.Credentials, error) {
	return s.Credentials.Load(context.WithoutCancel(ctx))
}

func (s swapping) Save(ctx context.Context, c session.Credentials) error {
	if s.before != nil {
		s.before(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Credentials.Save(context.WithoutCancel(ctx), c)
}

func (s swapping) SwapCredentials(ctx context.Context, old, next session.Credentials) (bool, error) {
	if s.before != nil {
		s.before(next)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Password() != old.Password.Reveal() {
		return false, nil
	}
	return true, s.Credentials.Save(context.WithoutCancel(ctx), next)
}

func TestG4AProcessThatWasHeldUpDoesNotOverwriteANewerPassword(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		old := p.Password()
		var mu sync.Mutex
		var once sync.Once
		held, release := make(chan struct{}), make(chan struct{})
		cfg := p.Config()
		cfg.Credentials = swapping{p.Credentials(), &mu, func(c session.Credentials) {
			if c.Password.Reveal() != old {
				once.Do(func() { close(held); <-release })
			}
		}}
		a := mustClient(t, cfg)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = a.ResetPassword(t.Context()) })
		<-held

		cfg.Credentials = swapping{p.Credentials(), &mu, nil}
		b := mustClient(t, cfg)
		first := p.Password()
		for range 10 {
			_, _ = b.ResetPassword(t.Context())
			if p.Password() != first {
				break
			}
			time.Sleep(5 * time.Minute)
		}
		if p.Password() == first || p.Credentials().Password() != p.Password() {
			t.Fatal("the second rotation did not come about")
		}
		close(release)
		wg.Wait()
		if p.Credentials().Password() != p.Password() {
			t.Error("the process that was held up saved its dead password over the one in force")
		}
		if _, err := p.Client(t).Login(t.Context()); err != nil {
			t.Errorf("login: %v", err)
		}
	})
}

func TestG4AResetIsNotGivenUpBecauseOfTheTransportsOwnLimit(t *testing.T) {
	w := wire(t, false)
	w.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/reset") {
			time.Sleep(300 * time.Millisecond)
		}
		return false
	}
	w.transport.ResponseHeaderTimeout = 100 * time.Millisecond
	c := w.client(t)
	got, err := c.ResetPassword(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustAgree(t, w.Server, got)
}
