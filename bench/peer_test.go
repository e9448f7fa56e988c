package bench

import (
	"context"
	"net/http"
	"testing"

	"iot.internal/thingspace/session/sessiontest"
)

// peer is one way to put the tokens on a request. What a peer does not do is nil.
type peer struct {
	name string
	// hot adds tokens that are in hand already.
	hot func(env) http.RoundTripper
	// read returns the token in hand.
	read func(env) func(context.Context) (string, error)
	// hold obtains the session by itself and renews it when it is refused, as far as it can.
	hold func(env) http.RoundTripper
}

// env is what a peer works with.
type env struct {
	tb       testing.TB
	platform *sessiontest.Server
	base     http.RoundTripper
	bearer   string
	// login starts a session on the platform, with the credentials that the platform's configuration
	// has, and returns its token.
	login func(context.Context) (string, error)
}

// peers are compared in this order. The first is the limit: nothing is added.
var peers = []peer{
	preset,
	oauth2One,
	oauth2Two,
	mutex,
	awsCache,
	gopher,
	openai,
	ours,
}

// The names that more than one file uses.
const (
	headerAuthorization = "Authorization"
	headerToken         = "VZ-M2M-Token" // as Verizon spells it, and as people write it
)

// cloned is how the documentation of RoundTripper is followed by hand.
func cloned(req *http.Request, bearer, token string) *http.Request {
	r := req.Clone(req.Context())
	r.Header.Set(headerAuthorization, "Bearer "+bearer)
	r.Header.Set(headerToken, token)
	return r
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
