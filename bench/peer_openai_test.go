package bench

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3/auth"
)

// openai is openai-go's workload identity: its middleware as a RoundTripper, the session being what its
// token exchange brings.
var openai = peer{
	name: "openai-go",
	hot: func(e env) http.RoundTripper {
		return newOpenAI(e)
	},
	read: func(e env) func(context.Context) (string, error) {
		o := newOpenAI(e)
		return func(ctx context.Context) (string, error) { return o.identity.GetToken(ctx, o.exchange) }
	},
	hold: func(e env) http.RoundTripper { return newOpenAI(e) },
}

type openaiTransport struct {
	identity *auth.WorkloadIdentityAuth
	exchange exchange
	next     func(*http.Request) (*http.Response, error)
}

func newOpenAI(e env) *openaiTransport {
	identity, err := auth.NewWorkloadIdentityAuth(auth.WorkloadIdentity{
		IdentityProviderID: "unused", ServiceAccountID: "unused", Provider: subject{},
	})
	if err != nil {
		e.tb.Fatal(err)
	}
	return &openaiTransport{
		identity: identity, exchange: exchange{e.login},
		next: renamed{from: headerAuthorization, prefix: "Bearer ", bearer: e.bearer, base: unauthorized{e.base}}.RoundTrip,
	}
}

func (t *openaiTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := auth.WorkloadIdentityMiddleware(t.identity, t.exchange, req, t.next)
	if err != nil {
		closeBody(req)
	}
	return resp, err
}

// subject is the identity that would be exchanged for a token.
type subject struct{}

func (subject) TokenType() auth.SubjectTokenType                        { return auth.SubjectTokenTypeJWT }
func (subject) GetToken(context.Context, auth.HTTPDoer) (string, error) { return "unused", nil }

// exchange is the other side of the token exchange: it logs in.
type exchange struct {
	login func(context.Context) (string, error)
}

func (x exchange) Do(req *http.Request) (*http.Response, error) {
	closeBody(req)
	token, err := x.login(req.Context())
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(auth.TokenExchangeResponse{AccessToken: token})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: req,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(string(body))),
	}, nil
}
