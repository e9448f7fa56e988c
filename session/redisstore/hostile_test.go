//go:build unix

package redisstore_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session/redisstore"
)

func TestServerThatBreaksTheProtocolKillsNobody(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	relay := redistest.NewRelay(t, server.Addr())
	store, key := open(t, relay.URL()), someKey()
	mustSwap(t, store, key, "", "one")
	for _, nonsense := range []string{
		"+OK\r\n",
		"+OK\r\n+OK\r\n",
		"$9223372036854775807\r\n",
		"$-5\r\n",
		"*-5\r\n",
		"%9223372036854775807\r\n",
		strings.Repeat("*1\r\n", 1_000_000),
		">3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
		">3\r\n$11\r\nunsubscribe\r\n$1\r\nx\r\n:1\r\n",
		">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nx\r\n",
		"|1\r\n+a\r\n+b\r\n",
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"\x00\x00\x00",
		strings.Repeat("x", 100_000),
	} {
		watched := mustWatch(t.Context(), t, store, key)
		relay.Inject([]byte(nonsense))
		if mustHear(t, watched) {
			t.Errorf("%.20q is taken for the word of a change", nonsense)
		}
		eventually(t, "another connection is made", func() bool {
			got, err := store.Load(t.Context(), key)
			return err == nil && string(got) == "one"
		})
	}
}

func TestWhatIsNoRedisServerIsAnError(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	for name, addr := range map[string]string{
		"a web server":      web.Listener.Addr().String(),
		"hangs up":          serve(t, func(net.Conn) {}),
		"says nothing":      serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
		"never ends a line": serve(t, func(c net.Conn) { _, _ = io.Copy(c, endless{}) }),
		"greets first":      serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 ready\r\n"); _, _ = io.Copy(io.Discard, c) }),
		"agrees to everything": serve(t, func(c net.Conn) {
			for b := make([]byte, 4096); ; {
				if _, err := c.Read(b); err != nil {
					return
				}
				_, _ = io.WriteString(c, "+OK\r\n")
			}
		}),
	} {
		store, err := redisstore.New(t.Context(), "redis://"+addr, redisstore.WithTimeout(shortly))
		if err == nil {
			t.Errorf("%s is taken for a Redis server: %v", name, store)
			_ = store.Close()
		}
		if name == "a web server" && !errors.Is(err, redisstore.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// serve runs a server on loopback that is no Redis server.
func serve(t *testing.T, talk func(net.Conn)) (addr string) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talk(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '+'
	}
	return len(b), nil
}
