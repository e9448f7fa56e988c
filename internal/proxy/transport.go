package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"iot.internal/thingspace/internal/transport"
)

// NewTransport is what requests travel upstream with: at most n connections are kept idle, bodies are
// passed on packed or not, as the platform sends them, and an answer must begin within limit once the
// request is sent (0: whenever).
func NewTransport(n int, limit time.Duration) *http.Transport {
	t, ok := transport.Default()
	if !ok {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	t.DisableCompression = true
	t.MaxIdleConns, t.MaxIdleConnsPerHost = n, n
	t.ResponseHeaderTimeout = limit
	return t
}

// transportKind tells what became of a request that got no answer.
func transportKind(err error) kind {
	var network net.Error
	switch {
	case neverSent(err):
		return unreachable
	case errors.Is(err, errAnswer):
		return badAnswer
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return slowAnswer
	}
	return noAnswer
}

// neverSent reports errors from before a request is written.
func neverSent(err error) bool {
	var (
		operation   *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	return errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect") ||
		errors.As(err, &dns) || errors.As(err, &certificate) || errors.As(err, &record)
}
