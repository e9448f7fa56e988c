package bench

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// oauth2One is golang.org/x/oauth2 as it comes: it adds one token of the two.
var oauth2One = peer{
	name: "oauth2-one",
	hot: func(e env) http.RoundTripper {
		return &oauth2.Transport{Source: fixedSource(e.bearer), Base: e.base}
	},
}

// oauth2Two adds the session token in a RoundTripper beneath, from a second token source.
var oauth2Two = peer{
	name: "oauth2-two",
	hot: func(e env) http.RoundTripper {
		return &oauth2.Transport{
			Source: fixedSource(e.bearer),
			Base:   &headerTransport{source: oauth2.ReuseTokenSource(nil, sessionSource{e.login}), base: e.base},
		}
	},
	read: func(e env) func(context.Context) (string, error) {
		source := oauth2.ReuseTokenSource(nil, sessionSource{e.login})
		return func(context.Context) (string, error) {
			t, err := source.Token()
			if err != nil {
				return "", err
			}
			return t.AccessToken, nil
		}
	},
	hold: func(e env) http.RoundTripper {
		return &oauth2.Transport{
			Source: fixedSource(e.bearer),
			Base:   &headerTransport{source: oauth2.ReuseTokenSource(nil, sessionSource{e.login}), base: e.base},
		}
	},
}

func fixedSource(bearer string) oauth2.TokenSource {
	return oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: bearer, TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil)
}

// sessionSource logs in. There is no context to give to it.
type sessionSource struct {
	login func(context.Context) (string, error)
}

func (s sessionSource) Token() (*oauth2.Token, error) {
	token, err := s.login(context.Background())
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: token, Expiry: time.Now().Add(20 * time.Minute)}, nil
}

type headerTransport struct {
	source oauth2.TokenSource
	base   http.RoundTripper
}

func (t *headerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := t.source.Token()
	if err != nil {
		closeBody(req)
		return nil, err
	}
	r := req.Clone(req.Context())
	r.Header.Set(headerToken, token.AccessToken)
	return t.base.RoundTrip(r)
}
