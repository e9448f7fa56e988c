package redisstore

import (
	"bytes"
	"fmt"
	"strings"
)

// Limits of what a server may send. A record is the largest thing that is asked for.
const (
	maxLine    = 8 << 10
	maxBulk    = MaxRecord + 64<<10
	maxItems   = 4096
	maxDepth   = 8
	maxMessage = 4 << 20
)

func breach(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProtocol, fmt.Sprintf(format, args...))
}

// frames finds where the messages of one direction end, in whatever pieces they come. It is as strict
// as the client library is lenient, so that both see the same messages.
type frames struct {
	// whole is called at the end of every message, with its type and its first words: those of its line,
	// or of its first element.
	whole func(kind byte, words string) error

	kind    byte   // of the message
	size    int64  // of the message, as far as it came
	words   []byte // of the message
	worded  bool   // they are complete
	left    [maxDepth]int64
	depth   int
	element byte   // type of the element whose line is being read, 0 between elements
	line    []byte // as far as it came
	bulk    int64  // bytes to come of a bulk, with the line end
	listen  bool   // the bulk is the words
}

func (f *frames) feed(b []byte) error {
	for len(b) > 0 {
		var n int
		var err error
		switch {
		case f.bulk > 0:
			n, err = f.inBulk(b)
		case f.element == 0:
			n, err = 1, f.begin(b[0])
		default:
			n, err = f.inLine(b)
		}
		if err != nil {
			return err
		}
		b = b[n:]
		if f.size += int64(n); f.size > maxMessage {
			return breach("a message of more than %d bytes", maxMessage)
		}
		if f.depth == 0 && f.element == 0 && f.bulk == 0 {
			if err := f.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *frames) begin(kind byte) error {
	if strings.IndexByte("+-:,(#_$=!*~%>", kind) < 0 || kind == '>' && f.depth > 0 {
		return breach("a message of type %q", kind)
	}
	f.element, f.line = kind, f.line[:0]
	if f.depth == 0 {
		f.kind, f.size, f.words, f.worded = kind, 0, f.words[:0], false
	}
	return nil
}

func (f *frames) inLine(b []byte) (int, error) {
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		n = len(b)
	}
	if f.line = append(f.line, b[:n]...); len(f.line) > maxLine {
		return 0, breach("a line of more than %d bytes", maxLine)
	}
	if f.line[len(f.line)-1] != '\n' {
		return n, nil
	}
	line, ok := bytes.CutSuffix(f.line, []byte("\r\n"))
	if !ok {
		return 0, breach("a line without its end")
	}
	return n, f.header(line)
}

// header is a complete line: an element, or how long one is.
func (f *frames) header(line []byte) error {
	kind := f.element
	f.element = 0
	switch kind {
	case '+', '-', ',', '(':
		f.say(line)
		return f.closeElement()
	case ':':
		if _, err := number(line, 1<<62); err != nil {
			return err
		}
		return f.closeWordless()
	case '#':
		if string(line) != "t" && string(line) != "f" {
			return breach("a boolean that is none")
		}
		return f.closeWordless()
	case '_':
		if len(line) != 0 {
			return breach("a null that is none")
		}
		return f.closeWordless()
	}
	limit := int64(maxItems)
	if kind == '$' || kind == '=' || kind == '!' {
		limit = maxBulk
	}
	n, err := number(line, limit)
	switch {
	case err != nil:
		return err
	case n == -1 && (kind == '$' || kind == '*'):
		return f.closeWordless()
	case n < 0:
		return breach("a length of %d", n)
	case kind == '$' || kind == '=' || kind == '!':
		f.bulk = n + 2
		f.listen = !f.worded
		return nil
	case kind == '%':
		n *= 2
	}
	if n == 0 {
		return f.closeWordless()
	}
	if f.depth == maxDepth {
		return breach("more than %d levels", maxDepth)
	}
	f.left[f.depth] = n
	f.depth++
	return nil
}

func (f *frames) inBulk(b []byte) (int, error) {
	if text := f.bulk - 2; text > 0 {
		n := min(text, int64(len(b)))
		if f.listen {
			f.words = append(f.words, b[:min(n, int64(maxWords-len(f.words)))]...)
		}
		f.bulk -= n
		return int(n), nil
	}
	if want := "\n\r"[f.bulk-1]; b[0] != want {
		return 0, breach("a text of another length")
	}
	if f.bulk--; f.bulk == 0 {
		f.worded = true
		return 1, f.closeElement()
	}
	return 1, nil
}

// maxWords is more than what is looked at has.
const maxWords = 512

func (f *frames) say(line []byte) {
	if !f.worded {
		f.words = append(f.words, line[:min(len(line), maxWords)]...)
		f.worded = true
	}
}

// closeWordless is closeElement for one without words.
func (f *frames) closeWordless() error {
	f.worded = true
	return f.closeElement()
}

// closeElement counts an element as complete, and those that it completes.
func (f *frames) closeElement() error {
	for f.depth > 0 {
		if f.left[f.depth-1]--; f.left[f.depth-1] > 0 {
			return nil
		}
		f.depth--
	}
	return nil
}

func (f *frames) end() error { return f.whole(f.kind, string(f.words)) }

// number reads digits with an optional minus, as the library does.
func number(line []byte, limit int64) (n int64, err error) {
	digits, negative := bytes.CutPrefix(line, []byte("-"))
	if len(digits) == 0 || len(digits) > 19 {
		return 0, breach("a number of %d digits", len(digits))
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, breach("a number with %q in it", d)
		}
		if n = n*10 + int64(d-'0'); n < 0 || n > limit {
			return 0, breach("a number above %d", limit)
		}
	}
	if negative {
		n = -n
	}
	return n, nil
}
