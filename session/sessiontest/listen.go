package sessiontest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Start serves the platform on a loopback socket, over http, until the test ends, and returns the
// base URL. It is for clients that cannot use [Server.Transport]; it does not work in a synctest
// bubble.
func (s *Server) Start(tb testing.TB) (baseURL string) {
	tb.Helper()
	server := httptest.NewServer(s.platform)
	stopAtEnd(tb, server)
	return server.URL + s.platform.Base()
}

// StartTLS is Start over https, with HTTP/2 for those who want it. The transport that comes with it
// trusts the server's certificate.
func (s *Server) StartTLS(tb testing.TB) (baseURL string, transport *http.Transport) {
	tb.Helper()
	server := httptest.NewUnstartedServer(s.platform)
	server.EnableHTTP2 = true
	server.StartTLS()
	stopAtEnd(tb, server)
	transport, _ = server.Client().Transport.(*http.Transport) // httptest documents that it is one
	return server.URL + s.platform.Base(), transport
}

func stopAtEnd(tb testing.TB, server *httptest.Server) {
	tb.Helper()
	tb.Cleanup(func() {
		server.CloseClientConnections() // or a stalled answer would hold up Close
		server.Close()
	})
}
