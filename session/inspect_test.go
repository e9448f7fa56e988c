package session

import (
	"testing"

	"iot.internal/thingspace/internal/ledger"
)

// A phase that only a later version knows is waited for like a reset that is under way, and told of so.
func TestEveryPhaseOfARotationIsToldOf(t *testing.T) {
	for phase, want := range map[ledger.Phase]RotationState{
		ledger.Proving: RotationSending, ledger.Sending: RotationSending, "verifying": RotationSending,
		ledger.Saving: RotationSaving, ledger.Doubt: RotationUnknown, ledger.Lost: RotationLost,
	} {
		if got := rotationState(phase); got != want {
			t.Errorf("%q: %q, want %q", phase, got, want)
		}
	}
}
