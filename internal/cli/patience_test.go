package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"iot.internal/thingspace/session"
)

func TestAForeignResetIsWaitedForAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		a := newApp(nil, io.Discard, &said, noEnvironment)
		tries := 0
		err := a.patiently(t.Context(), func() error {
			time.Sleep(30 * time.Second)
			if tries++; tries < 5 {
				return fmt.Errorf("thingspace: login: %w", session.ErrRotating)
			}
			return nil
		})
		if err != nil || tries != 5 || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%v after %d tries: %q", err, tries, said.String())
		}
	})
}

func TestAForeignResetIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := newApp(nil, io.Discard, io.Discard, noEnvironment)
		err := a.patiently(t.Context(), func() error { time.Sleep(30 * time.Second); return session.ErrRotating })
		if status, _ := explain(err); status != exitUnreachable || time.Since(began) > rotationPatience+time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errInterrupted)
		if err := a.patiently(ctx, func() error { return session.ErrRotating }); !errors.Is(err, errInterrupted) {
			t.Errorf("%v", err)
		}
	})
}
