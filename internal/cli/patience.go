package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"iot.internal/thingspace/session"
)

// rotationPatience is a little more than a password reset may take from its beginning to its end. A
// process must have watched one for that long to know that whoever began it has died.
const rotationPatience = 6 * time.Minute

// patiently runs f again as long as somebody else's password reset is in the way. It is for the
// commands that settle what a dead process left; others fail at once and can be repeated.
func (a *app) patiently(ctx context.Context, f func() error) error {
	began := time.Now()
	for said := false; ; said = true {
		err := f()
		if !errors.Is(err, session.ErrRotating) || time.Since(began) > rotationPatience {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !said {
			_, _ = fmt.Fprintf(a.err, "thingspace: a password reset is under way in another process, or that process has died: waiting up to %s\n",
				inWords(rotationPatience))
		}
	}
}
