// Package redistest runs real redis-server processes for tests: on loopback, each in a directory of
// its own, killed with the test. It is for Unix.
package redistest
