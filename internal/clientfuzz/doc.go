// Package clientfuzz attacks the whole client: random programs of calls, rotations, people's mistakes,
// faults of the platform and the store, clock jumps, paused and killed processes, run in virtual time
// against the simulated platform. After every step the laws are checked; see laws_test.go. A program is
// a string of bytes, so that go test -fuzz can breed them, and a program that breaks a law is cut down
// to the steps that matter before it is printed.
package clientfuzz
