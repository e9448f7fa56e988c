package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/redis/rueidis"
)

// What can go wrong beside the network, to be found with [errors.Is].
// Errors of the network are those of package net and crypto/tls.
var (
	// ErrServer: the server answered with an error, of which some match another one here too. What its
	// text says may pass: LOADING, BUSY, MISCONF, CLUSTERDOWN.
	ErrServer = errors.New("the server answers with an error")
	// ErrUnsafe: the server may forget the record, in a way that was not accepted; see [UnsafeError].
	ErrUnsafe = errors.New("the server may forget the count of failed logins")
	// ErrDenied: the server refuses user name or password, or does not let this user do what the
	// store needs; see the package documentation for the rights.
	ErrDenied = errors.New("the server denies access")
	// ErrReadOnly: the server is a replica. It heals when the server becomes a master, or the name
	// leads to one.
	ErrReadOnly = errors.New("the server is a read-only replica")
	// ErrFull: the server has used up its memory (maxmemory) and refuses to write.
	ErrFull = errors.New("the server is out of memory")
	// ErrLost: the record is gone although this process has seen it, and the count of failed logins
	// with it. It heals when there is a record again: check the password, and start one process anew
	// or rearm.
	ErrLost = errors.New("the record is gone from the server")
	// ErrFormat: the record was written in another format, by another version or program.
	ErrFormat = errors.New("the record has an unknown format")
	// ErrCluster: the server belongs to a cluster. A single server is what the store is made for; see
	// [NewWithClient] otherwise.
	ErrCluster = errors.New("the server belongs to a cluster")
	// ErrSentinel: the server is a sentinel, which keeps no records.
	ErrSentinel = errors.New("the server is a sentinel")
	// ErrTooLarge: the record is larger than [MaxRecord].
	ErrTooLarge = errors.New("the record is too large")
	// ErrProtocol: what the server sends is not what a Redis server does; the connection was closed.
	ErrProtocol = errors.New("the server breaks the protocol")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
)

// serverError is what the server said. Its text is kept, but for what may quote arguments.
type serverError struct {
	text string
	kind error
}

func (e *serverError) Error() string {
	if e.kind == nil {
		return "the server says: " + e.text
	}
	return e.kind.Error() + ", it says: " + e.text
}

func (e *serverError) Unwrap() error { return e.kind }

// Is reports that every one of them matches [ErrServer].
func (e *serverError) Is(target error) bool { return target == ErrServer }

var errHungUp = fmt.Errorf("the connection is gone: %w", net.ErrClosed)

var errSilent = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)

// limitServerText is how much of the server's text is passed on.
const limitServerText = 160

// explain makes an error of the client library one of ours. No error of the library is wrapped whose
// text came from the server: it may quote what was sent.
func explain(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	if said := text(err); said != "" {
		return &serverError{text: harmless(said, secrets), kind: kindOf(said)}
	}
	switch {
	case errors.Is(err, errLate), errors.Is(err, errDropped):
	case errors.Is(err, rueidis.ErrClosing):
		return errHungUp
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	}
	return err
}

// text is what the server said, "" if the error is not the server's.
func text(err error) string {
	if said, ok := rueidis.IsRedisErr(err); ok {
		return said.Error()
	}
	return ""
}

func kindOf(text string) error {
	code, _, _ := strings.Cut(text, " ")
	switch code {
	case "WRONGPASS", "NOAUTH", "NOPERM":
		return ErrDenied
	case "READONLY":
		return ErrReadOnly
	case "OOM":
		return ErrFull
	case "WRONGTYPE":
		return ErrFormat
	}
	if strings.Contains(text, "user executing the script can't") { // Redis 7.0 gives it no code
		return ErrDenied
	}
	return nil
}

func harmless(text string, secrets []string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with")
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > limitServerText {
		text = strings.ToValidUTF8(text[:limitServerText], "") + "…"
	}
	return text
}

// isRefused reports whether the server has no such command, as some services rename them away, or not
// for this user.
func isRefused(err error) bool {
	return errors.Is(kindOf(text(err)), ErrDenied) || strings.HasPrefix(text(err), "ERR unknown command")
}
