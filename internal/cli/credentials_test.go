package cli

import (
	"context"
	"errors"
	"testing"

	"iot.internal/thingspace/session"
)

type saver struct{ session.CredentialSource }

func (saver) Save(context.Context, session.Credentials) error { return nil }

type swapper struct{ saver }

func (swapper) SwapCredentials(context.Context, session.Credentials, session.Credentials) (bool, error) {
	return true, nil
}

// What a source can do decides whether a password reset begins, and how the answer is saved.
func TestAGuardedSourceCanWhatItsSourceCan(t *testing.T) {
	static := session.StaticCredentials("zbeeblebrox", "IMgr8")
	over := func() error { return nil }
	for _, source := range []session.CredentialSource{static, saver{static}, swapper{saver{static}}} {
		guarded := until(over, source)
		_, saves := source.(session.CredentialSaver)
		_, savesGuarded := guarded.(session.CredentialSaver)
		_, swaps := source.(session.CredentialSwapper)
		_, swapsGuarded := guarded.(session.CredentialSwapper)
		if saves != savesGuarded || swaps != swapsGuarded {
			t.Errorf("%T: saves %t, swaps %t", source, savesGuarded, swapsGuarded)
		}
		if s, ok := guarded.(session.CredentialSwapper); ok {
			if swapped, err := s.SwapCredentials(t.Context(), session.Credentials{}, session.Credentials{}); !swapped || err != nil {
				t.Error(swapped, err)
			}
		}
	}
}

func TestNoLoginBeginsAfterAnInterrupt(t *testing.T) {
	var over error
	source := until(func() error { return over }, session.StaticCredentials("zbeeblebrox", "IMgr8"))
	if c, err := source.Load(t.Context()); err != nil || c.Username != "zbeeblebrox" {
		t.Error(c, err)
	}
	over = errInterrupted
	if _, err := source.Load(t.Context()); !errors.Is(err, errInterrupted) {
		t.Error(err)
	}
}
