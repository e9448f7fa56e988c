package redisstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"iot.internal/thingspace/session"
)

// address is a parsed URL.
type address struct {
	scheme   string
	network  string // tcp or unix
	hostport string // or the path of a socket
	host     string
	db       int
	username string
	password *session.Secret
	prefix   *string
	accepted []Risk
}

// String returns the URL without user name and password: whoever writes redis://secret@host means a
// password.
func (a address) String() string {
	if a.network == "unix" {
		return fmt.Sprintf("unix://%s?db=%d", a.hostport, a.db)
	}
	return fmt.Sprintf("%s://%s/%d", a.scheme, a.hostport, a.db)
}

// encrypted reports whether the connection is, or need not be.
func (a address) local() bool {
	if a.network == "unix" || a.host == "localhost" {
		return true
	}
	ip := net.ParseIP(a.host)
	return ip != nil && ip.IsLoopback()
}

// parseURL never quotes what it cannot read, since that may be a password.
func parseURL(text string) (address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return address{}, errors.New("the URL cannot be read; it has the form rediss://USER:PASSWORD@HOST:PORT/DB, and special characters in USER and PASSWORD are percent-encoded (# is %23, / is %2F)")
	}
	a := address{scheme: u.Scheme, network: "tcp", host: u.Hostname()}
	switch u.Scheme {
	case "redis", "rediss":
		if a.host == "" {
			return address{}, errors.New("the URL names no host")
		}
		port := u.Port()
		if port == "" {
			port = "6379"
		}
		a.hostport = net.JoinHostPort(a.host, port)
		if path := strings.TrimPrefix(u.Path, "/"); path != "" {
			if a.db, err = database(path); err != nil {
				return address{}, err
			}
		}
	case "unix":
		if u.Host != "" || u.Path == "" {
			return address{}, errors.New("the URL of a socket has the form unix://USER:PASSWORD@/PATH?db=DB, with an absolute path")
		}
		a.network, a.hostport, a.host = "unix", u.Path, ""
	default:
		return address{}, errors.New("the URL begins with none of redis://, rediss:// and unix://")
	}
	if u.Fragment != "" || strings.Contains(text, "#") {
		return address{}, errors.New("the URL holds a #; in a password it is written %23")
	}
	if u.User != nil {
		a.username = u.User.Username()
		if password, ok := u.User.Password(); ok {
			secret := session.NewSecret(password)
			a.password = &secret
		}
	}
	return a, a.parameters(u.RawQuery)
}

// parameters takes what the URL says after the question mark.
func (a *address) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("what the URL says after ? cannot be read")
	}
	for name, all := range values {
		if len(all) != 1 {
			return fmt.Errorf("the URL has the parameter %q more than once", name)
		}
		value := all[0]
		switch {
		case name == "prefix":
			a.prefix = &value
		case name == "accept":
			for risk := range strings.SplitSeq(value, ",") {
				a.accepted = append(a.accepted, Risk(risk))
			}
		case name == "db" && a.network == "unix":
			if a.db, err = database(value); err != nil {
				return err
			}
		case name == "skip_verify":
			return errors.New("the URL asks not to verify the server's certificate; give the certificate authority instead")
		default:
			return fmt.Errorf("the URL has the parameter %q; known are prefix and accept, and for a socket db", name)
		}
	}
	return nil
}

func database(text string) (int, error) {
	db, err := strconv.Atoi(text)
	if err != nil || db < 0 {
		return 0, errors.New("the URL names no database by its number")
	}
	return db, nil
}
