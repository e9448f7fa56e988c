package bench

import (
	"context"
	"net/http"
	"testing"

	"iot.internal/thingspace/session"
)

// ours is package session. It logs in by itself, through the same transport as the requests.
var ours = peer{
	name: "session",
	hot:  func(t testing.TB, e env) http.RoundTripper { return newSession(t, e) },
	read: func(t testing.TB, e env) func(context.Context) (string, error) {
		client := newSession(t, e)
		return func(ctx context.Context) (string, error) {
			token, err := client.Token(ctx)
			return token.Reveal(), err
		}
	},
	hold: func(t testing.TB, e env) http.RoundTripper { return newSession(t, e) },
}

func newSession(t testing.TB, e env) *session.Client {
	cfg := e.platform.Config()
	cfg.Transport = e.base
	client, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
