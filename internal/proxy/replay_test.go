package proxy

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// expiring answers like the platform, which checks both tokens, and counts what it has read of bodies.
func expiring(t *testing.T, http2 bool) (*rig, func() []int) {
	t.Helper()
	var mu sync.Mutex
	var seen []int
	var r *rig
	r = newRig(t, setup{http2: http2, resource: func(w http.ResponseWriter, req *http.Request) {
		n, err := io.Copy(io.Discard, req.Body)
		if (req.ProtoMajor == 2) != http2 {
			t.Error(req.Proto)
		}
		mu.Lock()
		if err == nil {
			seen = append(seen, int(n))
		}
		mu.Unlock()
		req.Body = http.NoBody
		r.platform.Handler().ServeHTTP(w, req)
	}})
	return r, func() []int {
		mu.Lock()
		defer mu.Unlock()
		was := seen
		seen = nil
		return was
	}
}

// each runs a test with a platform of either protocol.
func each(t *testing.T, f func(t *testing.T, http2 bool)) {
	t.Helper()
	t.Run("HTTP/1.1", func(t *testing.T) { f(t, false) })
	t.Run("HTTP/2", func(t *testing.T) { f(t, true) })
}

func TestABodyUpToTheLimitIsSentAgainForAStaleToken(t *testing.T) { each(t, repeated) }

func repeated(t *testing.T, http2 bool) {
	t.Helper()
	r, seen := expiring(t, http2)
	path := "/m2m/v1/accounts/" + r.platform.Account()
	if status, name, _ := r.get(http.MethodGet, path, nil); status != 200 {
		t.Fatal(status, name)
	}
	seen()
	stale := map[string]func(){"session": r.platform.ExpireSessions, "bearer": r.platform.ExpireBearers}
	for which, expire := range stale {
		for _, size := range []int{0, 1, 100_000, ReplayLimit} {
			for _, known := range []bool{true, false} {
				expire()
				body := io.Reader(strings.NewReader(strings.Repeat("x", size)))
				if !known {
					body = io.MultiReader(body)
				}
				status, name, text := r.get(http.MethodPost, path, body)
				if got := seen(); status != 200 || len(got) != 2 || got[0] != size || got[1] != size {
					t.Errorf("%s, %d bytes, length known: %v: %d %q %q, arrived: %v", which, size, known, status, name, text, got)
				}
			}
		}
	}
}

func TestALongerBodyIsSentOnceAndTheNextRequestWorks(t *testing.T) { each(t, sentOnce) }

func sentOnce(t *testing.T, http2 bool) {
	t.Helper()
	r, seen := expiring(t, http2)
	path := "/m2m/v1/accounts/" + r.platform.Account()
	if status, name, _ := r.get(http.MethodGet, path, nil); status != 200 {
		t.Fatal(status, name)
	}
	for which, expire := range map[string]func(){"session": r.platform.ExpireSessions, "bearer": r.platform.ExpireBearers} {
		want := map[string]int{"session": 400, "bearer": 401}[which]
		for _, known := range []bool{true, false} {
			expire()
			seen()
			body := io.Reader(strings.NewReader(strings.Repeat("x", ReplayLimit+1)))
			if !known {
				body = io.MultiReader(body)
			}
			status, name, text := r.get(http.MethodPost, path, body)
			if got := seen(); status != want || name != "" || len(got) != 1 || got[0] != ReplayLimit+1 {
				t.Errorf("%s, length known: %v: %d %q %q, arrived: %v", which, known, status, name, text, got)
			}
			if status, name, _ := r.get(http.MethodPost, path, strings.NewReader("x")); status != 200 {
				t.Errorf("the next: %d %q", status, name)
			}
			if got := seen(); len(got) != 1 {
				t.Errorf("the next was sent %d times", len(got))
			}
		}
	}
	if c := r.platform.Counters(); c.LoginsRefused != 0 || c.Logins != 3 {
		t.Errorf("%+v", c)
	}
}

func TestManyRequestsThatMeetAnExpiryMakeOneLogin(t *testing.T) {
	r, _ := expiring(t, false)
	path := "/m2m/v1/accounts/" + r.platform.Account()
	for range 3 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if status, name, text := r.get(http.MethodPost, path, strings.NewReader("{}")); status != 200 {
					t.Errorf("%d %s %s", status, name, text)
				}
			})
		}
		all.Wait()
		r.platform.ExpireSessions()
	}
	if c := r.platform.Counters(); c.Logins != 3 {
		t.Errorf("%d logins", c.Logins)
	}
}
