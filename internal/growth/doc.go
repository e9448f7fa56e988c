// Package growth measures how the cost of the client grows: with goroutines that wait for one login,
// clients in a process, processes on a store, headers of a request, and sizes of bodies. Nothing may grow
// faster than what it grows with. `make growth` measures up to a hundred thousand and writes
// docs/growth.md with its plots; go test takes small numbers and asserts what does not depend on the
// machine.
package growth
