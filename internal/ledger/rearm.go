package ledger

import (
	"slices"
	"time"
)

// AllowOne lets exactly one login through in spite of a refused password, an owed probe, a pause or
// three strikes. It reports false when a fifth strike could follow.
func (r Record) AllowOne() (Record, bool) {
	if len(r.Strikes) >= HardLimit {
		return r, false
	}
	r = r.clone()
	r.OneAttempt = true
	return r, true
}

// Cleared takes a person's word that the platform's own counter is at zero. What may still be on its
// way will be counted after that, and stays.
func (r Record) Cleared(now time.Time) Record {
	r = r.clone()
	r.Strikes = slices.DeleteFunc(r.Strikes, func(s Strike) bool { return !r.mayArrive(s, now) })
	r.Freed = 0
	r.ProbeOwed, r.NotBefore, r.Backoff = false, time.Time{}, 0
	return r
}
