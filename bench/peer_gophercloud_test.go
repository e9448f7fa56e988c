package bench

import (
	"context"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
)

// gopher is gophercloud's ProviderClient. It makes its own requests and is no RoundTripper, so what it
// adds to a request on the hot path is measured with its AuthenticatedHeaders, which it calls for every
// request; what it does about a refusal with its Request.
var gopher = peer{
	name: "gophercloud",
	hot: func(e env) http.RoundTripper {
		return &gopherHeaders{client: newGopher(e, true), bearer: e.bearer, base: e.base}
	},
	read: func(e env) func(context.Context) (string, error) {
		client := newGopher(e, true)
		return func(context.Context) (string, error) { return client.AuthenticatedHeaders()[gopherToken], nil }
	},
	hold: func(e env) http.RoundTripper { return gopherRequests{newGopher(e, false)} },
}

const gopherToken = "X-Auth-Token"

func newGopher(e env, loggedIn bool) *gophercloud.ProviderClient {
	client := &gophercloud.ProviderClient{HTTPClient: http.Client{
		Transport: renamed{from: gopherToken, bearer: e.bearer, base: unauthorized{e.base}},
	}}
	client.UseTokenLock()
	client.ReauthFunc = func(ctx context.Context) error {
		token, err := e.login(ctx)
		if err == nil {
			client.SetToken(token)
		}
		return err
	}
	if loggedIn {
		if err := client.Reauthenticate(e.tb.Context(), ""); err != nil {
			e.tb.Fatal(err)
		}
	}
	return client
}

type gopherHeaders struct {
	client *gophercloud.ProviderClient
	bearer string
	base   http.RoundTripper
}

func (t *gopherHeaders) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.base.RoundTrip(cloned(req, t.bearer, t.client.AuthenticatedHeaders()[gopherToken]))
}

type gopherRequests struct{ client *gophercloud.ProviderClient }

func (t gopherRequests) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.client.Request(req.Context(), req.Method, req.URL.String(), &gophercloud.RequestOpts{
		OkCodes: []int{http.StatusOK}, KeepResponseBody: true,
	})
}

// renamed makes ThingSpace's headers of another library's. Both libraries that need it own the request
// they send, so it is not cloned once more.
type renamed struct {
	from   string
	prefix string
	bearer string
	base   http.RoundTripper
}

func (t renamed) RoundTrip(req *http.Request) (*http.Response, error) {
	token := req.Header.Get(t.from)[min(len(t.prefix), len(req.Header.Get(t.from))):]
	req.Header.Del(t.from)
	req.Header.Set(headerAuthorization, "Bearer "+t.bearer)
	req.Header.Set(headerToken, token)
	return t.base.RoundTrip(req)
}
