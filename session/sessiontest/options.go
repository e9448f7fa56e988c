package sessiontest

import (
	"errors"
	"net/url"
	"time"

	"iot.internal/thingspace/session"
)

// Option changes how [New] makes a platform.
type Option func(*settings)

type settings struct {
	baseURL            string
	key, secret        string
	username, password string
	account            string
	store              session.Store
	now                func() time.Time
	switches           func(*Switches)
}

func newSettings() settings {
	return settings{
		baseURL: DefaultBaseURL, key: DefaultKey, secret: DefaultSecret,
		username: DefaultUsername, password: DefaultPassword, account: DefaultAccount, now: time.Now,
	}
}

func (s settings) base() (*url.URL, error) {
	u, err := url.Parse(s.baseURL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the base URL must have a scheme, a host and a path, and nothing else")
	}
	return u, nil
}

// WithBaseURL sets the base URL of the API.
func WithBaseURL(base string) Option { return func(s *settings) { s.baseURL = base } }

// WithApplication sets the OAuth2 key and secret.
func WithApplication(key, secret string) Option {
	return func(s *settings) { s.key, s.secret = key, secret }
}

// WithUser sets the user name and the password, on the platform and in [Server.Credentials].
func WithUser(username, password string) Option {
	return func(s *settings) { s.username, s.password = username, password }
}

// WithAccount sets the name of the account.
func WithAccount(name string) Option { return func(s *settings) { s.account = name } }

// WithStore sets the store of [Server.Config], instead of one in memory.
func WithStore(store session.Store) Option { return func(s *settings) { s.store = store } }

// WithClock sets the platform's clock. The default, [time.Now], is virtual inside a testing/synctest
// bubble. Delays of faults go by timers whatever the clock.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithSwitches changes the platform's behaviour from the start, see [Server.SetSwitches].
func WithSwitches(change func(*Switches)) Option {
	return func(s *settings) { s.switches = change }
}
