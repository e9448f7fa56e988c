package session

import (
	"errors"
	"testing"
	"time"

	"iot.internal/thingspace/internal/fault"
)

// The OAuth2 endpoint's failure is told to everybody who asks while it lasts; each has his own copy.
func TestTheErrorOfAMissingBearerIsACopy(t *testing.T) {
	shared := &Error{Op: "oauth", StatusCode: 503, err: errUnreadable}
	a := acquiring{unmended: shared}
	refused := answer{fault: fault.Fault{Kind: fault.Gateway, Code: "900901"}}
	e := a.failure(refused, "login")
	e.RetryAfter, e.err = time.Minute, nil
	if shared.RetryAfter != 0 || !errors.Is(shared, errUnreadable) {
		t.Errorf("changed: %v", shared)
	}
	a.unmended = errUnreadable
	if e := a.failure(refused, "login"); e.Op != "oauth" || !errors.Is(e, errUnreadable) {
		t.Errorf("%v", e)
	}
}
