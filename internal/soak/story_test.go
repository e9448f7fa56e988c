package soak

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"iot.internal/thingspace/session"
)

const (
	clock = "15:04:05.000"
	// retold is how many of the latest decisions a failure shows.
	retold = 60
)

// story is what the clients of a fleet decided lately: without it nobody could tell later why a request
// failed that nothing explains.
type story struct {
	mu    sync.Mutex
	lines [retold]string
	next  int
}

func (s *story) tell(format string, args ...any) {
	line := time.Now().Format(clock) + " " + fmt.Sprintf(format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[s.next%retold] = line
	s.next++
}

func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i := max(0, s.next-retold); i < s.next; i++ {
		b.WriteString(s.lines[i%retold] + "\n")
	}
	return b.String()
}

// telling lets a new client's decisions into the story.
func (f *fleet) telling() *session.Trace {
	f.opened++
	who := f.opened
	return &session.Trace{
		Login: func(e session.LoginEvent) {
			f.story.tell("client %d: login %s, status %d, %v", who, e.Phase, e.StatusCode, e.Err)
		},
		Session: func(e session.SessionEvent) {
			f.story.tell("client %d: session %s, generation %d", who, e.Reason, e.Generation)
		},
		Bearer:   func(e session.BearerEvent) { f.story.tell("client %d: bearer %s, %v", who, e.Reason, e.Err) },
		Rotation: func(e session.RotationEvent) { f.story.tell("client %d: rotation %s, %v", who, e.Phase, e.Err) },
		Wait:     func(e session.WaitEvent) { f.story.tell("client %d: waited for a %s, %v", who, e.For, e.Duration) },
		Probe:    func(e session.ProbeEvent) { f.story.tell("client %d: probe paid %v, %v", who, e.Paid, e.Err) },
		Store:    func(e session.StoreEvent) { f.story.tell("client %d: store %s, %v", who, e.Operation, e.Err) },
	}
}
