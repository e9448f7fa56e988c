package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

func TestEverySentinelHasItsExitStatusHoweverItIsWrapped(t *testing.T) {
	want := map[error]int{
		session.ErrCredentialsRefused:  exitRefused,
		session.ErrLatched:             exitRefused,
		session.ErrBackoff:             exitUnreachable,
		session.ErrRotating:            exitUnreachable,
		session.ErrOutcomeUnknown:      exitUnknown,
		session.ErrPasswordLost:        exitRefused,
		session.ErrReadOnlyCredentials: exitUsage,
		session.ErrSessionExpired:      exitFailed,
		session.ErrBearerRejected:      exitFailed,
		session.ErrStoreUnavailable:    exitUnreachable,
		session.ErrInvalidCharacter:    exitUsage,
		session.ErrForeignHost:         exitUsage,
		session.ErrSessionEndpoint:     exitUsage,
		session.ErrClosed:              exitUsage,
	}
	for sentinel, status := range want {
		for _, err := range []error{
			sentinel,
			fmt.Errorf("thingspace: login: %w", sentinel),
			fmt.Errorf("a: %w", fmt.Errorf("b: %w", sentinel)),
			&url.Error{Op: "Get", URL: "https://example.com/?q=hidden", Err: fmt.Errorf("thingspace: %w", sentinel)},
			errors.Join(errors.New("first"), sentinel),
		} {
			got, line := explain(err)
			if got != status {
				t.Errorf("%v: exit status %d, want %d", err, got, status)
			}
			if strings.ContainsAny(line, "\n\r") || strings.Contains(line, "hidden") || strings.HasPrefix(line, "thingspace:") {
				t.Errorf("%v: line %q", err, line)
			}
			if !strings.Contains(line, "; ") {
				t.Errorf("%v: %q does not say what to do", err, line)
			}
		}
	}
	if len(want) != len(advice) {
		t.Errorf("%d sentinels have advice, %d are tested", len(advice), len(want))
	}
}

func TestTheMostTellingOfSeveralSentinelsDecides(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
		says string
	}{
		{fmt.Errorf("%w: %w", session.ErrPasswordLost, session.ErrCredentialsRefused), exitRefused, "Verizon support"},
		{fmt.Errorf("%w: %w", session.ErrPasswordLost, session.ErrLatched), exitRefused, "Verizon support"},
		{fmt.Errorf("%w; it could not be recorded: %w", session.ErrCredentialsRefused, session.ErrStoreUnavailable), exitRefused, "not sent again"},
		{fmt.Errorf("%w; it could not be recorded: %w", session.ErrOutcomeUnknown, session.ErrStoreUnavailable), exitUnknown, "thingspace login"},
		{fmt.Errorf("%w: load: %w", session.ErrStoreUnavailable, ledger.ErrUnreadable), exitUnreachable, "rearm --cleared"},
	} {
		status, line := explain(c.err)
		if status != c.want || !strings.Contains(line, c.says) {
			t.Errorf("%v: %d %q, want %d and %q", c.err, status, line, c.want, c.says)
		}
	}
}

func TestAnswersWithoutASentinelAreJudgedByStatusAndOperation(t *testing.T) {
	for _, c := range []struct {
		err  session.Error
		want int
	}{
		{session.Error{Op: "oauth", StatusCode: 401}, exitRefused},
		{session.Error{Op: "oauth", StatusCode: 400, Code: "invalid_client"}, exitRefused},
		{session.Error{Op: "oauth", StatusCode: 503}, exitUnreachable},
		{session.Error{Op: "oauth"}, exitUnreachable},
		{session.Error{Op: "login"}, exitUnreachable},
		{session.Error{Op: "login", StatusCode: 500}, exitUnreachable},
		{session.Error{Op: "login", StatusCode: 429}, exitUnreachable},
		{session.Error{Op: "login", StatusCode: 404}, exitFailed},
		{session.Error{Op: "login", StatusCode: 302}, exitFailed},
		{session.Error{Op: "login", StatusCode: 200}, exitFailed},
		{session.Error{Op: "logout", StatusCode: 400}, exitFailed},
		{session.Error{Op: "credentials"}, exitUsage},
		{session.Error{Op: "rearm"}, exitFailed},
	} {
		if got, line := explain(&c.err); got != c.want || line == "" {
			t.Errorf("%s %d: %d %q, want %d", c.err.Op, c.err.StatusCode, got, line, c.want)
		}
	}
}

func TestAnAnswerThatTheServiceDidNotWriteSaysWhatToCheck(t *testing.T) {
	for code, want := range map[string]bool{"": true, "REQUEST_FAILED.Whatever": false} { // a page, say, and the vendor's own shape
		_, todo := classify(&session.Error{Op: "login", StatusCode: 400, Code: code})
		if strings.Contains(todo, "check that THINGSPACE_BASE_URL is the base") != want {
			t.Errorf("code %q: %q", code, todo)
		}
	}
}

func TestNetworkErrorsAreNotReachable(t *testing.T) {
	for _, err := range []error{
		&net.OpError{Op: "dial", Err: errors.New("refused")},
		&net.DNSError{Name: "example.com"},
		&tls.CertificateVerificationError{Err: errors.New("expired")},
		tls.RecordHeaderError{Msg: "not TLS"},
		context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF,
	} {
		if got, _ := explain(fmt.Errorf("thingspace: %w", err)); got != exitUnreachable {
			t.Errorf("%v: %d", err, got)
		}
	}
}

func TestOurOwnFailuresKeepTheirStatusAndWords(t *testing.T) {
	status, line := explain(fmt.Errorf("wrapped: %w", usage("do that", "this %s", "happened")))
	if status != exitUsage || line != "this happened; do that" {
		t.Errorf("%d %q", status, line)
	}
	if status, line := explain(nil); status != exitDone || line != "" {
		t.Errorf("%d %q", status, line)
	}
	if status, line := explain(errors.New("odd")); status != exitFailed || line != "odd" {
		t.Errorf("%d %q", status, line)
	}
	for _, err := range []error{errInterrupted, context.Canceled, fmt.Errorf("thingspace: login: %w", context.Canceled)} {
		if status, line := explain(err); status != exitFailed || line != "interrupted" {
			t.Errorf("%v: %d %q", err, status, line)
		}
	}
}

func TestAFailureIsOneLineWhateverAServerSends(t *testing.T) {
	_, line := explain(errors.New("a\nthingspace: b\r\x1b[2Jc\u2028d"))
	if line != "a thingspace: b [2Jc d" {
		t.Errorf("%q", line)
	}
}

func TestARotationErrorIsNeverSuccess(t *testing.T) {
	if status, todo := classify(&session.RotationError{}); status != exitFailed || todo == "" {
		t.Errorf("%d %q", status, todo)
	}
	// An earlier rotation's, whose new password still is in the record.
	still := errors.Join(session.ErrLatched, &session.RotationError{})
	if status, todo := classify(still); status != exitRefused || todo == "" {
		t.Errorf("%d %q", status, todo)
	}
}

func TestWhatIsWrongWithALoginIsSaidOfTheLogin(t *testing.T) {
	for _, c := range []struct {
		cause error
		want  string
	}{
		{session.ErrCredentialsRefused, "login: "},
		{session.ErrLatched, "login: "},
		{session.ErrBackoff, "login: "},
		{session.ErrForeignHost, "request: "},
		{session.ErrClosed, "request: "},
	} {
		// As the session client makes it, whose fields are not all to be set from here.
		err := errors.Join(fmt.Errorf("thingspace: request: %w", c.cause), &session.Error{})
		if got := what(err); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %q", c.cause, got)
		}
	}
}

func TestACredentialsFileThatCannotBeSavedIsNoMatterOfTheNetwork(t *testing.T) {
	for _, cause := range []error{&fs.PathError{Op: "open", Path: "/etc/.c.lock", Err: fs.ErrPermission}, filestore.ErrReadOnly} {
		err := errors.Join(&session.Error{Op: "reset"}, cause)
		if !ofFiles(err) {
			t.Errorf("%v", err)
		}
	}
	if ofFiles(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errors.New("refused"))}) {
		t.Error("the network is taken for a file")
	}
}

func TestAProxyThatIsNotReachedIsNamed(t *testing.T) {
	_, line := explain(&net.OpError{Op: "proxyconnect", Err: errors.New("refused")})
	if !strings.Contains(line, "HTTPS_PROXY") {
		t.Errorf("%q", line)
	}
}
