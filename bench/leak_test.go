package bench

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/openai/openai-go/v3/auth"
	"golang.org/x/oauth2"
)

// leaker sends a request through the network with a peer's tokens on it, as the peer itself would: what
// is above net/http's client there is above it here. (aws has no part in that: what carries its token is
// written by hand.)
type leaker struct {
	name string
	ours bool
	send func(env, *http.Request) (*http.Response, error)
}

var leakers = []leaker{
	{name: "preset", send: func(e env, req *http.Request) (*http.Response, error) {
		addMissing(e, req)
		return (&http.Client{Transport: e.base}).Do(req)
	}},
	roundTripper(oauth2One),
	roundTripper(oauth2Two),
	roundTripper(mutex),
	{name: gopher.name, send: func(e env, req *http.Request) (*http.Response, error) {
		client := newGopher(e, true)
		client.HTTPClient.Transport = e.base
		return client.Request(req.Context(), req.Method, req.URL.String(), &gophercloud.RequestOpts{KeepResponseBody: true})
	}},
	{name: openai.name, send: func(e env, req *http.Request) (*http.Response, error) {
		o := newOpenAI(e)
		return auth.WorkloadIdentityMiddleware(o.identity, o.exchange, req, (&http.Client{Transport: e.base}).Do)
	}},
	{name: "session", ours: true, send: roundTripper(ours).send},
	{name: "session, HTTPClient()", ours: true, send: func(e env, req *http.Request) (*http.Response, error) {
		return newSession(e).HTTPClient().Do(req)
	}},
}

func roundTripper(p peer) leaker {
	return leaker{name: p.name, send: func(e env, req *http.Request) (*http.Response, error) {
		return (&http.Client{Transport: p.hot(e)}).Do(req)
	}}
}

// The platform, or somebody in its place, redirects to another host; and a response is logged with the
// request that it holds.
func TestTableLeaks(t *testing.T) {
	out := newTable("Leaks: a redirect to another host, and what a response hands back",
		"peer", "other host sees Authorization", "other host sees the session header", "resp.Request holds a token")
	for _, l := range leakers {
		e := newEnv(t, nil)
		network := &network{base: e.base}
		e.base = network
		handed := false
		resp, err := l.send(e, request(e, 3))
		if err != nil {
			t.Fatal(l.name, err)
		}
		_ = resp.Body.Close()
		if resp.Request != nil {
			authorization, session := tokens(resp.Request.Header)
			handed = authorization || session
		}
		network.redirect = true
		if resp, err := l.send(e, request(e, 3)); err == nil {
			_ = resp.Body.Close()
		}
		out.add(l.name, yes(network.authorization), yes(network.session), yes(handed))
		if l.ours && (network.authorization || network.session || handed || !network.asked) {
			t.Errorf("%s: a token got out, or none was sent at all", l.name)
		}
	}
	out.print(t)
}

// tokens reports which of the tokens headers hold.
func tokens(h http.Header) (authorization, session bool) {
	return h.Get(headerAuthorization) != "", h.Get(headerToken) != "" || h.Get(gopherToken) != ""
}

// network has another host in it, to which resources redirect if they are told to.
type network struct {
	base          http.RoundTripper
	redirect      bool
	asked         bool // for a resource, with a token
	authorization bool // what the other host was sent
	session       bool
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	const elsewhere = "elsewhere.invalid"
	authorization, session := tokens(req.Header)
	resource := strings.Contains(req.URL.Path, "/accounts/")
	switch {
	case req.URL.Host == elsewhere:
		n.authorization, n.session = n.authorization || authorization, n.session || session
	case resource:
		n.asked = n.asked || authorization || session
	default:
		return n.base.RoundTrip(req)
	}
	closeBody(req)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	if resource && n.redirect {
		resp.StatusCode = http.StatusFound
		resp.Header.Set("Location", "https://"+elsewhere+"/")
	}
	return resp, nil
}

// What a program that logs what it holds writes into its log.
func TestTablePrinting(t *testing.T) {
	const secret = "bcce3ea6-fe4f-4952-bacf-eadd80718e83"
	e := newEnv(t, nil)
	e.login = func(context.Context) (string, error) { return secret, nil }
	cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "unused", SecretAccessKey: "unused", SessionToken: secret}, nil
	}))
	credentials, err := cache.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identity := newOpenAI(e)
	if _, err := identity.identity.GetToken(t.Context(), identity.exchange); err != nil {
		t.Fatal(err)
	}
	client := newSession(newEnv(t, nil))
	token, err := client.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := newTable("Printing: what shows the token with fmt", "peer", "value", "%v", "%+v", "%#v")
	for _, v := range []struct {
		peer  string
		value any
		token string
	}{
		{"oauth2", &oauth2.Token{AccessToken: secret, Expiry: time.Now()}, secret},
		{"aws", credentials, secret},
		{"gophercloud", newGopher(e, true), secret},
		{"openai-go", identity.identity, secret},
		{"session", token, token.Reveal()},
		{"session", client, token.Reveal()},
	} {
		row := []any{v.peer, fmt.Sprintf("%T", v.value)}
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			shows := strings.Contains(fmt.Sprintf(verb, v.value), v.token)
			row = append(row, yes(shows))
			if v.peer == ours.name && shows {
				t.Errorf("%s of a %T shows the token", verb, v.value)
			}
		}
		out.add(row...)
	}
	out.print(t)
}
