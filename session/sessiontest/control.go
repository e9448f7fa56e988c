package sessiontest

import "iot.internal/thingspace/internal/platform"

// Counters tells what has happened on the platform so far.
func (s *Server) Counters() Counters { return Counters(s.platform.Counters()) }

// Journal returns the newest requests that arrived, 256 at most, oldest first. It holds no secret.
func (s *Server) Journal() []Entry {
	entries := s.platform.Journal()
	journal := make([]Entry, len(entries))
	for i, e := range entries {
		journal[i] = Entry(e)
	}
	return journal
}

// Inject adds a fault behind those that stand. A rule that makes no sense fails the test.
func (s *Server) Inject(f Fault) Injected {
	s.tb.Helper()
	id, err := s.platform.Inject(platform.Fault(f))
	if err != nil {
		s.tb.Fatalf("sessiontest: %v", err)
	}
	return Injected{s.platform, id}
}

// Injected is a fault in force.
type Injected struct {
	platform *platform.Platform
	id       int
}

// Remove takes the fault away.
func (i Injected) Remove() { i.platform.RemoveFault(i.id) }

// Hits is how many requests have met the fault; 0 once it is taken away.
func (i Injected) Hits() int {
	for _, r := range i.platform.Faults() {
		if r.ID == i.id {
			return r.Hits
		}
	}
	return 0
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() { s.platform.ClearFaults() }

// SetSwitches changes what is not known of the real platform; change is called with what stands. A
// combination that makes no sense fails the test.
func (s *Server) SetSwitches(change func(*Switches)) {
	s.tb.Helper()
	err := s.platform.SetSwitches(func(p *platform.Switches) {
		switches := Switches(*p)
		change(&switches)
		*p = platform.Switches(switches)
	})
	if err != nil {
		s.tb.Fatalf("sessiontest: %v", err)
	}
}

// Switches returns the switches as they stand.
func (s *Server) Switches() Switches { return Switches(s.platform.Switches()) }

// ExpireSessions lets every session run out of its 20 minutes now.
func (s *Server) ExpireSessions() { s.platform.ExpireSessions() }

// ExpireBearers ends every OAuth2 bearer now; the token endpoint hands out another one.
func (s *Server) ExpireBearers() { s.platform.ExpireBearers() }

// SetPassword changes the user's password on the platform alone, as a person would in the portal:
// [Server.Credentials] still holds the old one.
func (s *Server) SetPassword(password string) {
	s.platform.SetPassword(s.settings.username, password)
}

// Lock locks the user, as five failed logins do.
func (s *Server) Lock() { s.platform.Lock(s.settings.username) }

// Unlock is what Verizon support does: the user may log in again, with no strikes.
func (s *Server) Unlock() { s.platform.Unlock(s.settings.username) }

// ClearStrikes forgets failed logins, as a successful login elsewhere does.
func (s *Server) ClearStrikes() { s.platform.ClearStrikes(s.settings.username) }

// Reset makes the platform as it was at first: password, sessions, bearers, faults, counters,
// journal, and the default switches. Credentials and store are left alone.
func (s *Server) Reset() {
	s.tb.Helper()
	s.platform.Reset()
	if s.settings.switches != nil {
		s.SetSwitches(s.settings.switches)
	}
}
