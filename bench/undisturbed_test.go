package bench

import (
	"testing"
	"time"
)

// undisturbed finds the fastest hundred operations in a row: what an operation takes when neither other
// programs nor the garbage collector come between. On a busy machine it is the number that stays.
type undisturbed struct {
	count int
	since time.Time
	least time.Duration
}

func (u *undisturbed) start() { u.count, u.since, u.least = 0, time.Now(), time.Hour }

func (u *undisturbed) done() {
	if u.count++; u.count%100 != 0 {
		return
	}
	now := time.Now()
	u.least = min(u.least, now.Sub(u.since))
	u.since = now
}

func (u *undisturbed) report(b *testing.B) {
	b.Helper()
	if u.count >= 100 {
		b.ReportMetric(float64(u.least)/100, "undisturbed-ns/op")
	}
}
