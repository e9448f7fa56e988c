package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// cache is a token cache that is no RoundTripper.
type cache interface {
	get(context.Context) (string, error)
	drop(refused string)
}

// renewing makes a RoundTripper of a token cache: a clone of the request, and one more try with
// another token after a refusal. (Generic, so that the call of the cache costs what it costs by hand.)
type renewing[C cache] struct {
	cache  C
	bearer string
	base   http.RoundTripper
}

func (t *renewing[C]) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := t.cache.get(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.base.RoundTrip(cloned(req, t.bearer, token))
	if err != nil || !sessionRefused(resp) {
		return resp, err
	}
	t.cache.drop(token)
	_ = resp.Body.Close()
	if token, err = t.cache.get(req.Context()); err != nil {
		return nil, err
	}
	return t.base.RoundTrip(cloned(req, t.bearer, token))
}

// sessionRefused recognises the documented refusal of a session token, and puts back what it read.
func sessionRefused(resp *http.Response) bool {
	if resp.StatusCode != http.StatusBadRequest {
		return false
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && bytes.Contains(body, []byte(".SessionToken."))
}

// unauthorized shows that refusal as a 401, to libraries that renew on a 401 only.
type unauthorized struct{ base http.RoundTripper }

func (t unauthorized) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err == nil && sessionRefused(resp) {
		resp.StatusCode, resp.Status = http.StatusUnauthorized, "401 Unauthorized"
	}
	return resp, err
}
