package redisstore

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"iot.internal/thingspace/session"
)

const (
	// DefaultPrefix begins the name of every key and channel.
	DefaultPrefix = "thingspace:"
	// DefaultTimeout is the longest that a Load or Swap waits, connecting included.
	DefaultTimeout = 4 * time.Second
)

// Option changes how [New] opens a store.
type Option func(*options)

type options struct {
	credentials session.CredentialSource
	tls         *tls.Config
	prefix      string
	timeout     time.Duration
	accepted    []Risk
	lazy        bool
}

// WithPassword is the password for the server, for URLs without one. For one that changes see
// [WithCredentials].
func WithPassword(password session.Secret) Option {
	return func(o *options) { o.credentials = session.StaticCredentials("", password.Reveal()) }
}

// WithCredentials is asked for user name and password at every new connection, so that they may
// change while the store is open. An empty user name means the one in the URL, or the server's
// default user. filestore.Credentials reads them from a file.
func WithCredentials(source session.CredentialSource) Option {
	return func(o *options) { o.credentials = source }
}

// WithTLS configures the encryption of a rediss:// URL: a certificate authority of one's own, a client
// certificate. It is copied. The default verifies the server by the authorities of the system.
func WithTLS(config *tls.Config) Option {
	return func(o *options) { o.tls = config.Clone() }
}

// WithPrefix begins the name of every key and channel; "" means [DefaultPrefix]. Processes share what
// they have under the same prefix.
func WithPrefix(prefix string) Option {
	return func(o *options) { o.prefix = prefix }
}

// WithTimeout is the longest that a Load or Swap waits, connecting included; 0 means
// [DefaultTimeout]. The client gives up after ten seconds, in which it wants to look again what became
// of a Swap: more than five is too much.
func WithTimeout(limit time.Duration) Option {
	return func(o *options) { o.timeout = limit }
}

// Accept lets the store use a server in spite of these risks; see [Risk].
func Accept(risks ...Risk) Option {
	return func(o *options) { o.accepted = append(o.accepted, risks...) }
}

// Lazy makes New return without waiting for the server: the first use connects to it and checks it. It
// is for services that must start while the server is away.
func Lazy() Option {
	return func(o *options) { o.lazy = true }
}

func collect(opts []Option) (options, error) {
	o := options{prefix: DefaultPrefix, timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	if o.prefix == "" {
		o.prefix = DefaultPrefix
	}
	if o.timeout == 0 {
		o.timeout = DefaultTimeout
	}
	return o, o.validate()
}

const (
	maxTimeout = 5 * time.Second
	maxPrefix  = 128
)

func (o *options) validate() error {
	if o.timeout < 0 || o.timeout > maxTimeout {
		return fmt.Errorf("the time limit must be between 0 and %s", maxTimeout)
	}
	if len(o.prefix) > maxPrefix || strings.ContainsFunc(o.prefix, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("the prefix must be at most %d printable ASCII characters without space", maxPrefix)
	}
	for _, r := range o.accepted {
		if !slices.Contains(refused, r) {
			return fmt.Errorf("there is no risk %q to accept; there are %q", r, refused)
		}
	}
	return nil
}

// merge adds what the URL says.
func (o *options) merge(a address) error {
	if a.password != nil {
		if o.credentials != nil {
			return errors.New("both the URL and an option give a password")
		}
		o.credentials = session.StaticCredentials("", a.password.Reveal())
	}
	if o.tls != nil && a.scheme != "rediss" {
		return errors.New("an option configures TLS, but the URL does not begin with rediss://")
	}
	if a.prefix != nil {
		if o.prefix != DefaultPrefix {
			return errors.New("both the URL and an option give a prefix")
		}
		o.prefix = *a.prefix
	}
	o.accepted = append(o.accepted, a.accepted...)
	return o.validate()
}
