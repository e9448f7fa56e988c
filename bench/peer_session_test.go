package bench

import (
	"context"
	"net/http"

	"iot.internal/thingspace/session"
)

// ours is package session. It logs in by itself, through the same transport as the requests.
var ours = peer{
	name: "session",
	hot:  func(e env) http.RoundTripper { return newSession(e) },
	read: func(e env) func(context.Context) (string, error) {
		client := newSession(e)
		return func(ctx context.Context) (string, error) {
			token, err := client.Token(ctx)
			return token.Reveal(), err
		}
	},
	hold: func(e env) http.RoundTripper { return newSession(e) },
}

func newSession(e env) *session.Client {
	cfg := e.platform.Config()
	cfg.Transport = e.base
	client, err := session.New(cfg)
	if err != nil {
		e.tb.Fatal(err)
	}
	e.tb.Cleanup(func() { _ = client.Close() })
	return client
}
