package bench

import (
	"context"
	"net/http"
	"sync"
)

// mutex is what a careful person writes by hand: a lock that is held during the login, a clone of the
// request, and a comparison before a refused token is dropped.
var mutex = peer{
	name: "mutex",
	hot:  func(e env) http.RoundTripper { return newMutexTransport(e) },
	read: func(e env) func(context.Context) (string, error) { return newMutexTransport(e).cache.get },
	hold: func(e env) http.RoundTripper { return newMutexTransport(e) },
}

func newMutexTransport(e env) *renewing[*mutexCache] {
	return &renewing[*mutexCache]{cache: &mutexCache{login: e.login}, bearer: e.bearer, base: e.base}
}

type mutexCache struct {
	login func(context.Context) (string, error)

	mu    sync.Mutex
	token string
}

func (c *mutexCache) get(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == "" {
		token, err := c.login(ctx)
		if err != nil {
			return "", err
		}
		c.token = token
	}
	return c.token, nil
}

func (c *mutexCache) drop(refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == refused {
		c.token = ""
	}
}
