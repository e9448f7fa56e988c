package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"iot.internal/thingspace/session"
)

// rotationSlack is for the looks before and after a rotation mark's length, and for the pauses between them.
const rotationSlack = 2 * time.Minute

// rotationPatience is how long a command must be ready to wait for somebody else's password reset. A process
// must have watched its mark for the mark's whole length to know that whoever set it has died.
func rotationPatience(s session.Status) time.Duration {
	return s.RotationEnds.Sub(s.RotationBegan) + rotationSlack
}

// patiently runs f again as long as somebody else's password reset is in the way. It is for the
// commands that settle what a dead process left; others fail at once and can be repeated.
func (a *app) patiently(ctx context.Context, status func(context.Context) (session.Status, error), f func() error) error {
	began := time.Now()
	var patience time.Duration
	said, waited := false, false
	for ; ; waited = true {
		// Said before the wait, so that nobody wonders; but one that is being saved may be finished at once.
		st, err := status(ctx) // what fails here fails in f too
		if err == nil && !st.RotationEnds.IsZero() {
			patience = max(patience, rotationPatience(st))
			if !said && (waited || st.Rotation == session.RotationSending) {
				said = true
				_, _ = fmt.Fprintf(a.err, "thingspace: a password reset is under way in another process, or that process has died: waiting up to %s\n",
					inWords(patience))
			}
		}
		err = f()
		if !errors.Is(err, session.ErrRotating) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(began) > patience {
			return err
		}
	}
}
