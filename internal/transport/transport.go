// Package transport makes the HTTP transport that requests travel with unless somebody gives another.
package transport

import (
	"net/http"
	"time"
)

const (
	// pingAfter is how long an HTTP/2 connection may be silent before it is asked whether it is alive.
	pingAfter = 15 * time.Second
	// pingTimeout is how long it has to say so.
	pingTimeout = 15 * time.Second
)

// Default returns a clone of [http.DefaultTransport] that also notices a dead HTTP/2 connection: one
// that a firewall forgot, or whose other end is gone without a word. net/http itself would send every
// request over it until the kernel gives up on what is not acknowledged, a quarter of an hour with
// Linux's defaults. It returns false if somebody has put something else in DefaultTransport's place.
func Default() (*http.Transport, bool) {
	d, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, false
	}
	t := d.Clone()
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{}
	}
	if t.HTTP2.SendPingTimeout == 0 {
		t.HTTP2.SendPingTimeout, t.HTTP2.PingTimeout = pingAfter, pingTimeout
	}
	return t, true
}
