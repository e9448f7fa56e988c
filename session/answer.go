package session

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"iot.internal/thingspace/internal/fault"
	"iot.internal/thingspace/internal/ledger"
)

var (
	errTooLarge   = fmt.Errorf("the answer is larger than %d bytes", answerLimit)
	errUnreadable = errors.New("the answer is not what the contract says")
)

// readAnswer reads a body up to the limit, unpacked, and closes it. With an error it returns what came.
func readAnswer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	var r io.Reader = resp.Body
	if !resp.Uncompressed && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = unpacked
	}
	body, err := io.ReadAll(io.LimitReader(r, answerLimit+1))
	if len(body) > answerLimit {
		return nil, errTooLarge
	}
	return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), err
}

// read takes from a 200 the one field it is for. A success without it is no success.
func read[T any](a answer, body []byte, field func(T) string, plausible func(string) bool) answer {
	if a.status != http.StatusOK {
		return a
	}
	var result T
	if json.Unmarshal(body, &result) != nil || !plausible(field(result)) {
		if a.err == nil {
			a.err = errUnreadable
		}
		return a
	}
	// A whole object is the answer, even if the connection broke behind it: the next password comes once.
	a.value, a.err = field(result), nil
	return a
}

// longestRetry bounds what a Retry-After may ask for: a person would have to wait for it.
const longestRetry = time.Hour

// retryAfter reads the header in both of its forms; 0 if there is none that makes sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(longestRetry/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		return longestRetry
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), longestRetry)
	}
	return 0
}

// outcome is what the answer to a login or reset means for the strikes. Only positive evidence makes
// one free.
func (a answer) outcome() ledger.Outcome {
	switch {
	case a.unsent:
		return ledger.NotEvaluated
	case a.status == http.StatusOK && a.value != "":
		return ledger.Accepted
	case (a.status == http.StatusBadRequest || a.status == http.StatusForbidden) &&
		a.fault.Kind == fault.M2M && !a.fault.Unexpected() && !a.fault.SessionToken():
		return ledger.Rejected
	case a.status >= 400 && a.fault.NotEvaluated():
		return ledger.NotEvaluated
	case a.status == http.StatusTooManyRequests:
		return ledger.Throttled
	}
	return ledger.NoAnswer
}

// ledger is the answer as the record wants it; what it brought is sealed for its purpose.
func (a answer) ledger(account *account, purpose string) ledger.Answer {
	said := ledger.Answer{
		Outcome: a.outcome(), Now: time.Now().UTC(), RetryAfter: a.retryAfter,
		Answered: a.status != 0, App: account.application,
	}
	if said.Outcome == ledger.Accepted {
		said.Sealed = account.box.Seal(purpose, a.value)
	}
	return said
}

// error makes the caller's error of an answer.
func (a answer) error(op string) *Error {
	e := &Error{Op: op, StatusCode: a.status, Code: a.fault.Code, Message: a.fault.Message, RetryAfter: a.retryAfter, err: a.err}
	if e.err == nil && a.status == http.StatusOK {
		e.err = errUnreadable
	}
	return e
}

// headerSafe reports whether a token can be sent in a header: what the platform gives is not trusted.
func headerSafe(token string) bool {
	if token == "" || len(token) > 4096 {
		return false
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return false
		}
	}
	return true
}

// passwordSafe reports whether a password that the platform made can be kept and sent again.
func passwordSafe(password string) bool {
	// encoding/json puts the replacement character where the bytes were not UTF-8: not the password.
	return password != "" && len(password) <= 1024 && !unprintable(password) && !strings.ContainsRune(password, utf8.RuneError)
}

// scrub keeps an error's identity and takes secrets out of its text: what a hostile server sends ends
// up in the errors of net/http.
func scrub(err error, secrets []string) error {
	text := redactAll(err.Error(), secrets)
	if text == err.Error() {
		return err
	}
	return scrubbed{text, err}
}

type scrubbed struct {
	text string
	err  error
}

func (s scrubbed) Error() string { return s.text }

// Format prints what Error returns for every verb: the original may be a text itself.
func (s scrubbed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.text) }

// Is finds the original without handing out its text.
func (s scrubbed) Is(target error) bool { return errors.Is(s.err, target) }

// Timeout tells what the original does: [net/url.Error] asks for it.
func (s scrubbed) Timeout() bool { return timedOut(s.err) }

func scrubFault(f fault.Fault, secrets []string) fault.Fault {
	f.Message = redactAll(f.Message, secrets)
	if redactAll(f.Code, secrets) != f.Code {
		f.Code = ""
	}
	return f
}

func redactAll(text string, secrets []string) string {
	for _, s := range secrets {
		if s == "" {
			continue
		}
		text = strings.ReplaceAll(text, s, redacted)
		// As %q and JSON write it, quoted once more by the error that quotes that.
		for range 2 {
			quoted := strconv.Quote(s)
			s = quoted[1 : len(quoted)-1]
			text = strings.ReplaceAll(text, s, redacted)
		}
	}
	return text
}
