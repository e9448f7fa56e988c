package session

import (
	"context"
	"net/http"
)

type Client struct{}

func New(cfg Config) (*Client, error)                                     { panic("being written") }
func (c *Client) Token(ctx context.Context) (Token, error)                { panic("being written") }
func (c *Client) Renew(ctx context.Context, refused Token) (Token, error) { panic("being written") }
func (c *Client) Login(ctx context.Context) (Token, error)                { panic("being written") }
func (c *Client) Logout(ctx context.Context) error                        { panic("being written") }
func (c *Client) ResetPassword(ctx context.Context) (Secret, error)       { panic("being written") }
func (c *Client) Status(ctx context.Context) (Status, error)              { panic("being written") }
func (c *Client) Rearm(ctx context.Context, how Rearm) error              { panic("being written") }
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error)     { panic("being written") }
func (c *Client) HTTPClient() *http.Client                                { panic("being written") }
func (c *Client) Close() error                                            { panic("being written") }
