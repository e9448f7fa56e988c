// Package faultmatrix is the table of everything that an endpoint can do wrong, and what the client has
// to make of it: each fault on each endpoint over each store. It prints itself, see the test.
package faultmatrix

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// Operation is what a caller does when the fault strikes.
type Operation struct {
	On  sessiontest.Endpoint
	Run func(ctx context.Context, c *session.Client, p *sessiontest.Server) error
}

// Request asks for the account with both tokens; anything but 200 is an error.
func Request(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/"+p.Account(), nil)
	if err != nil {
		return err
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp.StatusCode)
	}
	return nil
}

// statusError is an answer that the caller got and that is not 200.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("status %d", int(s)) }

// Operations are one for each endpoint.
var Operations = map[string]Operation{
	"oauth": {sessiontest.OAuth, func(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
		p.ExpireBearers()
		return Request(ctx, c, p)
	}},
	"login": {sessiontest.Login, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		_, err := c.Login(ctx)
		return err
	}},
	"logout": {sessiontest.Logout, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		return c.Logout(ctx)
	}},
	"reset": {sessiontest.Reset, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		_, err := c.ResetPassword(ctx)
		return err
	}},
	"resource": {sessiontest.Resource, func(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute) // the caller's own; the client sets none
		defer cancel()
		return Request(ctx, c, p)
	}},
}
