package redisstore

import "time"

// ForgetTime makes the store believe that it heard the server's clock when it stood lower by this much.
func ForgetTime(s *Store, by time.Duration) {
	s.clock.set(s.clock.heard.Load().server - by.Milliseconds())
}

// Self is the store behind its methods, as a careless program may print it.
func (s *Store) Self() *struct{ *Store } { return &struct{ *Store }{s} }

// UnderWay is how many operations are.
func UnderWay(s *Store) int { return len(s.slots) }
