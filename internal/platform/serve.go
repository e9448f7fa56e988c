package platform

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"time"
)

// maxBody bounds the body of a request to the endpoints that read it; resources count theirs only.
const maxBody = 1 << 20

// ServeHTTP answers a request, with what was injected.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, p.Act) }

// Handler serves the platform with another one to act on requests, which calls [Platform.Act] for
// those it leaves alone. The request that it gets has a cleaned path and its whole body in memory.
func (p *Platform) Handler(act func(*http.Request) Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, act) })
}

func (p *Platform) serve(w http.ResponseWriter, r *http.Request, act func(*http.Request) Answer) {
	e, below := p.find(r.URL.Path)
	f := p.meet(r, e)
	number := p.arrived(r, e, below, f)
	if f != nil && f.Kind.Unsent() {
		abort(w, true) // there is a socket, so it is too late for anything better
	}
	whole, err := received(w, r, e)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.mu.Lock()
		a := p.fault(r, http.StatusRequestEntityTooLarge, "413")
		p.mu.Unlock()
		p.answered(number, a.Status, a.code())
		a.send(w)
		return
	case err != nil: // the client left in mid-request: nobody acts on half of one
		panic(http.ErrAbortHandler)
	}
	whole.URL.Path, whole.URL.RawPath = p.canonical(e, below, r.URL.Path), ""
	answer := func() Answer {
		a := act(whole)
		p.answered(number, a.Status, a.code())
		return a
	}
	if f == nil {
		answer().send(w)
		return
	}
	p.fail(w, r, f, whole, answer, number)
}

// canonical is how the path of an endpoint is written; other paths are cleaned.
func (p *Platform) canonical(e Endpoint, below, requestPath string) string {
	if e == Elsewhere || e == Resource {
		return path.Clean("/" + requestPath)
	}
	return p.base + below
}

// received reads a request to its end, so that whatever happens next happens to a whole one.
func received(w http.ResponseWriter, r *http.Request, e Endpoint) (*http.Request, error) {
	whole := r.Clone(r.Context())
	if e == Resource || e == Elsewhere {
		n, err := io.Copy(io.Discard, r.Body)
		whole.Body, whole.ContentLength = http.NoBody, n
		return whole, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	whole.Body, whole.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	whole.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	whole.TransferEncoding = nil
	return whole, nil
}

// abort breaks the connection; hard means with a reset, as far as that can be had.
func abort(w http.ResponseWriter, hard bool) {
	if hard {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			hangUp(conn)
		}
	}
	panic(http.ErrAbortHandler)
}

// wait returns false if ctx ends first. The context is derived, so that its channel belongs to the
// synctest bubble of the caller.
func wait(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stall waits until the client leaves.
func stall(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	<-ctx.Done()
}
