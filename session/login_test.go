package session

import (
	"errors"
	"testing"
	"time"
)

// The OAuth2 endpoint's failure is told to everybody who asks while it lasts; each has his own copy.
func TestTheErrorOfAMissingBearerIsACopy(t *testing.T) {
	shared := &Error{Op: "oauth", StatusCode: 503, err: errUnreadable}
	a := acquiring{unmended: shared}
	e := a.noBearer()
	e.RetryAfter, e.err = time.Minute, nil
	if shared.RetryAfter != 0 || !errors.Is(shared, errUnreadable) {
		t.Errorf("changed: %v", shared)
	}
	a.unmended = errUnreadable
	if e := a.noBearer(); e.Op != "oauth" || !errors.Is(e, errUnreadable) {
		t.Errorf("%v", e)
	}
}
