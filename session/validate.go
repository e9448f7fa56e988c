package session

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"iot.internal/thingspace/internal/origin"
	"iot.internal/thingspace/internal/transport"
)

const (
	maxCallTimeout  = 2 * time.Minute
	minResetTimeout = 2 * time.Minute
	maxResetTimeout = 10 * time.Minute
)

func defaultTransport() http.RoundTripper {
	if t, ok := transport.Default(); ok {
		return t
	}
	return http.DefaultTransport
}

// validate checks a configuration and fills in the defaults.
func (cfg *Config) validate() (origin.Origin, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = Production
	}
	o, err := origin.Parse(cfg.BaseURL)
	if err != nil {
		return o, err
	}
	key, secret := cfg.Application.Key, cfg.Application.Secret.Reveal()
	switch {
	case strings.TrimSpace(key) == "":
		return o, errors.New("Config.Application.Key is missing: the key of an application in Key Management")
	case strings.TrimSpace(secret) == "":
		return o, errors.New("Config.Application.Secret is missing: the secret of an application in Key Management")
	case strings.Contains(key, ":") || unprintable(key):
		return o, errors.New("Config.Application.Key holds a colon or an unprintable character")
	case unprintable(secret):
		return o, errors.New("Config.Application.Secret holds an unprintable character")
	case cfg.Credentials == nil:
		return o, errors.New("Config.Credentials is missing: StaticCredentials, or filestore.Credentials to be able to change the password")
	case cfg.Store == nil:
		return o, errors.New("Config.Store is missing: NewMemoryStore for a single process that is not restarted by a machine, " +
			"filestore.New for one host, redisstore.New for a fleet; who shares the store shares the session and the strikes")
	case unprintable(cfg.UserAgent):
		return o, errors.New("Config.UserAgent holds an unprintable character")
	}
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = DefaultCallTimeout
	}
	if cfg.CallTimeout < 0 || cfg.CallTimeout > maxCallTimeout {
		return o, fmt.Errorf("Config.CallTimeout must be between 0 and %s", maxCallTimeout)
	}
	if cfg.ResetTimeout == 0 {
		cfg.ResetTimeout = DefaultResetTimeout
	}
	if cfg.ResetTimeout < minResetTimeout || cfg.ResetTimeout > maxResetTimeout {
		return o, fmt.Errorf("Config.ResetTimeout must be between %s and %s: an answer given up is a password lost", minResetTimeout, maxResetTimeout)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "thingspace-session-go"
	}
	return o, nil
}

func unprintable(s string) bool {
	// What is not UTF-8 would be sent as something else: encoding/json replaces it.
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// sendable checks what a login would send. The platform refuses ' < and \ in any field (documented),
// which would spend a strike.
func (c Credentials) sendable() error {
	password := c.Password.Reveal()
	switch {
	case strings.TrimSpace(c.Username) == "":
		return errNoUsername
	case strings.TrimSpace(password) == "":
		return errNoPassword
	case strings.ContainsAny(c.Username, `'<\`) || unprintable(c.Username):
		return fmt.Errorf("user name: %w", ErrInvalidCharacter)
	case strings.ContainsAny(password, `'<\`) || unprintable(password):
		return fmt.Errorf("password: %w", ErrInvalidCharacter)
	}
	return nil
}

var (
	errNoUsername = errors.New("the credential source gave no user name")
	errNoPassword = errors.New("the credential source gave no password")
)
