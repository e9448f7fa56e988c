package redisstore

import (
	"sync/atomic"
	"time"
)

// clock is the server's, as far as it is known: what it said, and when that was heard. It says that or
// more by now, so what is told by it comes early rather than late.
type clock struct{ heard atomic.Pointer[heard] }

type heard struct {
	server int64 // milliseconds since 1970
	local  time.Time
}

func (c *clock) set(server int64) { c.heard.Store(&heard{server, time.Now()}) }

// at returns a local moment in the server's milliseconds, false if nothing was heard yet.
func (c *clock) at(moment time.Time) (int64, bool) {
	h := c.heard.Load()
	if h == nil {
		return 0, false
	}
	return h.server + 1 + moment.Sub(h.local).Milliseconds(), true
}
