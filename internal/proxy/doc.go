// Package proxy is a reverse proxy for one machine's services: it adds both tokens of a session to what
// they send, and keeps everything else away from the platform: other hosts, the session endpoints,
// browsers, and whatever lies outside of the allowed paths.
//
// A [Proxy] is the handler, [Serve] runs it until it is told to end, [Listen] opens what it listens on,
// and [Metrics] counts. Tokens, renewals and replays are package session's; the passing on is
// net/http/httputil's.
package proxy
