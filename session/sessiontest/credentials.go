package sessiontest

import (
	"context"
	"sync"

	"iot.internal/thingspace/session"
)

// Credentials is a [session.CredentialSaver] in memory that can be made to fail.
type Credentials struct {
	mu      sync.Mutex
	held    session.Credentials
	loadErr error
	saveErr error
	allowed int // saves that succeed before saveErr
	lose    bool
	loads   int
	saves   int
}

var _ session.CredentialSaver = (*Credentials)(nil)

// NewCredentials returns a source that holds this user name and password.
func NewCredentials(username, password string) *Credentials {
	return &Credentials{held: session.Credentials{Username: username, Password: session.NewSecret(password)}}
}

// Load returns what is held.
func (c *Credentials) Load(ctx context.Context) (session.Credentials, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loads++
	if err := ctx.Err(); err != nil {
		return session.Credentials{}, err
	}
	if c.loadErr != nil {
		return session.Credentials{}, c.loadErr
	}
	return c.held, nil
}

// Save holds other credentials from now on.
func (c *Credentials) Save(ctx context.Context, credentials session.Credentials) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saves++
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.saveErr != nil {
		if c.allowed <= 0 {
			return c.saveErr
		}
		c.allowed--
	}
	if !c.lose {
		c.held = credentials
	}
	return nil
}

// Set changes what is held, like a person who edits the secret.
func (c *Credentials) Set(username, password string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = session.Credentials{Username: username, Password: session.NewSecret(password)}
}

// Password is the password that is held.
func (c *Credentials) Password() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held.Password.Reveal()
}

// FailLoad makes every Load fail with err; nil heals it.
func (c *Credentials) FailLoad(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadErr = err
}

// FailSave makes every Save fail with err once so many have succeeded; nil heals it.
func (c *Credentials) FailSave(after int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.allowed, c.saveErr = after, err
}

// LoseSaves makes Save succeed without saving anything, like a disk that lies.
func (c *Credentials) LoseSaves(lose bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose = lose
}

// Loads is how often Load was called.
func (c *Credentials) Loads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads
}

// Saves is how often Save was called.
func (c *Credentials) Saves() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.saves
}
