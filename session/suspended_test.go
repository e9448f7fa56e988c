package session

import (
	"testing"
	"time"
	"unsafe"

	"iot.internal/thingspace/internal/ledger"
)

// suspended is a moment so long ago by the wall clock, and just now by the monotonic one, which stood
// still in between. There is no other way to make such a time.
func suspended(ago time.Duration) time.Time {
	moment := time.Now().Add(-ago)
	monotonic := (*int64)(unsafe.Add(unsafe.Pointer(&moment), unsafe.Sizeof(uint64(0))))
	*monotonic += int64(ago)
	return moment
}

func TestTokensLapseWhileTheMachineIsSuspended(t *testing.T) {
	asleep := suspended(time.Hour)
	if elapsed := time.Since(asleep); elapsed > time.Minute || time.Now().Round(0).Sub(asleep.Round(0)) < 59*time.Minute {
		t.Fatalf("no suspension: %v by the monotonic clock", elapsed)
	}
	if session := (&sessionPart{used: asleep}); !session.idle() {
		t.Error("a session that idled through a suspension is taken to be alive")
	}
	if bearer := (&bearerPart{expires: asleep.Add(30 * time.Minute)}); !bearer.lapsed() {
		t.Error("a bearer that lapsed during a suspension is taken to be good")
	}
	if session := (&sessionPart{used: time.Now().Add(-ledger.IdleLimit + time.Minute)}); session.idle() {
		t.Error("a session in use is taken to be dead")
	}
}
