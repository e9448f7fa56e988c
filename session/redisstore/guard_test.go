package redisstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// read collects what a guard hears.
func read(pieces int, messages string) (heard []string, err error) {
	f := frames{whole: func(kind byte, words string) error {
		heard = append(heard, fmt.Sprintf("%c%s", kind, words))
		return nil
	}}
	for b := []byte(messages); len(b) > 0; {
		n := min(pieces, len(b))
		if err := f.feed(b[:n]); err != nil {
			return heard, err
		}
		b = b[n:]
	}
	return heard, nil
}

func TestMessagesAreFoundInWhateverPieces(t *testing.T) {
	const messages = "+OK\r\n-ERR no\r\n:12\r\n:-1\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n_\r\n#t\r\n,1.5\r\n(123\r\n=7\r\ntxt:abc\r\n!3\r\nERR\r\n" +
		"*2\r\n$5\r\nfirst\r\n*2\r\n+a\r\n:1\r\n*0\r\n*-1\r\n%1\r\n$3\r\nkey\r\n*1\r\n%1\r\n+a\r\n+b\r\n~1\r\n+a\r\n" +
		">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n*2\r\n:1\r\n$5\r\nlater\r\n%0\r\n"
	want := []string{
		"+OK", "-ERR no", ":", ":", "$a\r\nbc", "$", "$", "_", "#", ",1.5", "(123", "=txt:abc", "!ERR",
		"*first", "*", "*", "%key", "~a", ">message", "*", "%",
	}
	for _, pieces := range []int{1, 2, 3, 7, 1000} {
		heard, err := read(pieces, messages)
		if err != nil || fmt.Sprintf("%q", heard) != fmt.Sprintf("%q", want) {
			t.Errorf("in pieces of %d: %v\n got %q\nwant %q", pieces, err, heard, want)
		}
	}
}

func TestWhatIsNoProtocolIsABreach(t *testing.T) {
	for _, messages := range breaches {
		if _, err := read(1<<20, messages); !errors.Is(err, ErrProtocol) {
			t.Errorf("%.40q: %v", messages, err)
		}
	}
}

var breaches = []string{
	"HTTP/1.1 400 Bad Request\r\n", "\x15\x03\x01\x00\x02", "220 ready\r\n", "\r\n", "\x00", "|1\r\n", ";1\r\n", ".\r\n",
	"+OK\n", "+" + strings.Repeat("x", maxLine) + "\r\n",
	":\r\n", ":1x\r\n", ":--1\r\n", ":99999999999999999999\r\n", "#x\r\n", "_x\r\n",
	"$\r\n", "$-2\r\n", "$9223372036854775807\r\n", "$18446744073709551615\r\n", fmt.Sprintf("$%d\r\n", maxBulk+1), "$?\r\n", "$3\r\nabcd\r\n", "$3\r\nabc\n\r",
	"=-1\r\n", "!-1\r\n", "~-1\r\n", ">-1\r\n", "%-1\r\n", "*-2\r\n", "*?\r\n", fmt.Sprintf("*%d\r\n", maxItems+1), "*9223372036854775807\r\n", "%9223372036854775807\r\n",
	strings.Repeat("*1\r\n", maxDepth+1), "*1\r\n>1\r\n", "*4096\r\n" + strings.Repeat("$65536\r\n"+strings.Repeat("x", 65536)+"\r\n", 65),
}

func TestAnswersFitTheirCommands(t *testing.T) {
	ask := func(commands ...string) string {
		var b strings.Builder
		for _, c := range commands {
			fmt.Fprintf(&b, "*1\r\n$%d\r\n%s\r\n", len(c), c)
		}
		return b.String()
	}
	push := func(kind string) string { return fmt.Sprintf(">3\r\n$%d\r\n%s\r\n$1\r\nc\r\n:1\r\n", len(kind), kind) }
	for name, c := range map[string]struct {
		asked, answered string
		ok              bool
	}{
		"nothing":                          {"", "", true},
		"an answer":                        {ask("HMGET"), "*2\r\n$-1\r\n$-1\r\n", true},
		"an error":                         {ask("HMGET"), "-ERR\r\n", true},
		"no question":                      {"", "+OK\r\n", false},
		"twice":                            {ask("HMGET"), "+OK\r\n+OK\r\n", false},
		"push for an answer":               {ask("HMGET"), push("subscribe"), false},
		"invalidation":                     {"", push("invalidate"), false},
		"message":                          {"", push("message"), true},
		"message between":                  {ask("HMGET"), push("message") + "+OK\r\n" + push("message"), true},
		"subscribed":                       {ask("SUBSCRIBE"), push("subscribe"), true},
		"subscription refused":             {ask("SUBSCRIBE"), "-NOPERM\r\n", true},
		"subscription queued":              {ask("SUBSCRIBE"), "+QUEUED\r\n", false},
		"subscription queued, as an error": {ask("SUBSCRIBE"), "-QUEUED\r\n", false},
		"subscribed twice":                 {ask("SUBSCRIBE"), push("subscribe") + push("subscribe"), false},
		"unsubscribed unasked":             {"", push("unsubscribe"), false},
		"unsubscribed":                     {ask("UNSUBSCRIBE", "PING"), push("unsubscribe") + "+PONG\r\n", true},
		"unsubscription refused":           {ask("UNSUBSCRIBE", "PING"), "-NOPERM no\r\n+PONG\r\n", true},
		"both refused":                     {ask("UNSUBSCRIBE", "PING"), "-NOPERM no\r\n-NOPERM the 'ping' command\r\n", true},
		"both refused by a busy server":    {ask("UNSUBSCRIBE", "PING"), "-BUSY\r\n-BUSY\r\n", false},
		"ping without pong":                {ask("UNSUBSCRIBE", "PING"), push("unsubscribe") + "-ERR\r\n", false},
	} {
		g := newGuard(nil)
		if err := g.out.feed([]byte(c.asked)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := g.in.feed([]byte(c.answered)); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuardClosesTheConnectionAtABreach(t *testing.T) {
	ours, theirs := net.Pipe()
	g := newGuard(ours)
	go func() { _, _ = io.WriteString(theirs, "+OK\r\n") }()
	if n, err := g.Read(make([]byte, 10)); n != 0 || !errors.Is(err, ErrProtocol) {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the connection is open: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	for _, seed := range breaches {
		f.Add([]byte(seed[:min(len(seed), 200)]), 3)
	}
	f.Add([]byte("*2\r\n$5\r\nfirst\r\n*2\r\n+a\r\n:1\r\n"), 1)
	f.Fuzz(func(t *testing.T, messages []byte, pieces int) {
		pieces = max(1, min(pieces, len(messages)))
		whole, wholeErr := read(len(messages)+1, string(bytes.Clone(messages)))
		split, splitErr := read(pieces, string(messages))
		if fmt.Sprint(whole) != fmt.Sprint(split) || (wholeErr == nil) != (splitErr == nil) {
			t.Errorf("in pieces of %d: %q, %v; whole: %q, %v", pieces, split, splitErr, whole, wholeErr)
		}
	})
}
