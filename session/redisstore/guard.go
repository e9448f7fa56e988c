package redisstore

import (
	"cmp"
	"net"
	"strings"
	"sync"
)

// guard is a connection that hands on nothing but the protocol as a Redis server speaks it. The client
// library panics in a goroutine of its own, where nobody can recover, when it gets an answer to no
// question, or a length that no memory can hold; a service must not die of that.
type guard struct {
	net.Conn
	in, out frames

	mu      sync.Mutex
	pending []string // commands without an answer yet: SUBSCRIBE, UNSUBSCRIBE, PING, or "" for others
}

func newGuard(c net.Conn) *guard {
	g := &guard{Conn: c}
	g.in.whole, g.out.whole = g.answered, g.asked
	return g
}

func (g *guard) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if n > 0 {
		if err := g.in.feed(b[:n]); err != nil {
			_ = g.Close()
			return 0, err
		}
	}
	return n, err
}

func (g *guard) Write(b []byte) (int, error) {
	// Before they go out, so that no answer comes sooner than its question.
	if err := g.out.feed(b); err != nil {
		_ = g.Close()
		return 0, err
	}
	return g.Conn.Write(b)
}

// asked is a command on its way to the server.
func (g *guard) asked(_ byte, command string) error {
	switch command {
	case "SUBSCRIBE", "UNSUBSCRIBE", "PING":
	default:
		command = ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending = append(g.pending, command)
	return nil
}

// answered is a message of the server's: the answer to the oldest command, or the word of a change.
func (g *guard) answered(kind byte, words string) error {
	if kind == '>' && words == "message" {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.pending) == 0 {
		return breach("an answer to no question")
	}
	command := g.pending[0]
	g.pending = g.pending[1:]
	if !fits(command, kind, words) {
		return breach("a message of type %q is no answer to %s", kind, cmp.Or(command, "a command"))
	}
	return nil
}

// fits reports whether the library can take a message for the answer to a command.
func fits(command string, kind byte, words string) bool {
	switch command {
	case "SUBSCRIBE":
		return kind == '>' && words == "subscribe" || kind == '-' && words != "QUEUED"
	case "UNSUBSCRIBE":
		// The library sends a PING behind it, and mistakes some errors for that one's answer.
		return kind == '>' && words == "unsubscribe" || kind == '-' && !isPong(kind, words)
	case "PING":
		return isPong(kind, words)
	}
	return kind != '>'
}

// isPong is what the library takes for the answer to a PING.
func isPong(kind byte, words string) bool {
	return (kind == '+' || kind == '$') && words == "PONG" || kind == '-' && (strings.HasPrefix(words, "LOADING") || strings.HasPrefix(words, "BUSY") || strings.Contains(words, "'ping'"))
}
