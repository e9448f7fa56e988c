package cli

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// shortestClientToken is what nobody guesses over a network.
	shortestClientToken = 16
	// clientTokensFresh is how long a file of client tokens is believed before it is read again.
	clientTokensFresh = 5 * time.Second
)

// clientTokens are the tokens that clients of the proxy may show: the lines of a file, which is read
// again so that one can be replaced while the proxy runs.
type clientTokens struct {
	path   string
	logger *slog.Logger

	mu     sync.Mutex
	read   time.Time
	tokens []string
	failed bool
}

// openClientTokens reads the file; without one there are no tokens, and the result is nil.
func openClientTokens(path string, logger *slog.Logger) (*clientTokens, error) {
	if path == "" {
		return nil, nil
	}
	tokens, again, err := readClientTokens(path)
	if err != nil {
		return nil, &failure{status: exitUsage, what: "--client-token-file: " + err.Error(), todo: "nothing was sent", cause: err}
	}
	c := &clientTokens{path: path, logger: logger, tokens: tokens, read: time.Now()}
	if !again { // a pipe
		c.path = ""
	}
	return c, nil
}

// current returns the tokens. A file that cannot be read any more changes nothing: those that were
// read last go on being accepted, and the log says so.
func (c *clientTokens) current() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path == "" || time.Since(c.read) < clientTokensFresh {
		return c.tokens
	}
	c.read = time.Now()
	tokens, _, err := readClientTokens(c.path)
	switch {
	case err != nil && !c.failed:
		c.logger.Error("the file of client tokens cannot be read: those read before stay valid", slog.String("error", err.Error()))
	case err == nil:
		c.tokens = tokens
	}
	c.failed = err != nil
	return c.tokens
}

func readClientTokens(path string) (tokens []string, again bool, err error) {
	text, again, err := readSecret(path)
	if err != nil {
		return nil, false, err
	}
	for line := range strings.Lines(text) {
		token := strings.TrimRight(line, "\r\n")
		if token == "" {
			continue
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, false, fmt.Errorf("%s: a token holds a space, or a character that no header can hold", path)
		}
		if len(token) < shortestClientToken {
			return nil, false, fmt.Errorf("%s: a token is shorter than %d characters: make one with 'openssl rand -hex 32'", path, shortestClientToken)
		}
		tokens = append(tokens, token)
	}
	return tokens, again, nil
}
