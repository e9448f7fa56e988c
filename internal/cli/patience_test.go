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

// marked is the status of a record with a rotation mark of this length.
func marked(length time.Duration) func(context.Context) (session.Status, error) {
	began := time.Now()
	return func(context.Context) (session.Status, error) {
		return session.Status{Rotation: session.RotationSending, RotationBegan: began, RotationEnds: began.Add(length)}, nil
	}
}

func TestAForeignResetIsWaitedForAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		a := newApp(nil, io.Discard, &said, noEnvironment)
		tries := 0
		err := a.patiently(t.Context(), marked(4*time.Minute), func() error {
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

// Marks of services that give a reset more time are longer than the command's own.
func TestAForeignResetIsWaitedForAsLongAsItsMarkAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(nil, io.Discard, io.Discard, noEnvironment)
		for _, length := range []time.Duration{4 * time.Minute, 12 * time.Minute} {
			began := time.Now()
			err := a.patiently(t.Context(), marked(length), func() error { time.Sleep(30 * time.Second); return session.ErrRotating })
			took := time.Since(began)
			if status, _ := explain(err); status != exitUnreachable || took < length || took > length+rotationSlack+time.Minute {
				t.Errorf("a mark of %s: %v after %s", length, err, took)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errInterrupted)
		if err := a.patiently(ctx, marked(4*time.Minute), func() error { return session.ErrRotating }); !errors.Is(err, errInterrupted) {
			t.Errorf("%v", err)
		}
	})
}

// What is being saved may be finished by this very command, without a wait.
func TestARotationThatIsBeingSavedIsWaitedForButSaidOnlyThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		a := newApp(nil, io.Discard, &said, noEnvironment)
		saving := func(ctx context.Context) (session.Status, error) {
			st, err := marked(4 * time.Minute)(ctx)
			st.Rotation = session.RotationSaving
			return st, err
		}
		if err := a.patiently(t.Context(), saving, func() error { return nil }); err != nil || said.Len() != 0 {
			t.Errorf("%v, and %q", err, said.String())
		}
		tries := 0
		err := a.patiently(t.Context(), saving, func() error {
			if tries++; tries < 3 {
				return session.ErrRotating
			}
			return nil
		})
		if err != nil || tries != 3 || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%v after %d tries, and %q", err, tries, said.String())
		}
	})
}

// A store that cannot be asked is told of by the command itself.
func TestWithoutAStatusTheCommandsOwnErrorStands(t *testing.T) {
	broken := func(context.Context) (session.Status, error) {
		return session.Status{RotationEnds: time.Now()}, session.ErrStoreUnavailable
	}
	for _, want := range []error{nil, session.ErrStoreUnavailable, session.ErrRotating} {
		if err := newApp(nil, io.Discard, io.Discard, noEnvironment).patiently(t.Context(), broken, func() error { return want }); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}
