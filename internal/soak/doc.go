// Package soak runs clients of three stores in real time under mixed traffic, while sessions and bearers
// expire, passwords are rotated, processes are restarted and the platform fails. It says of each event
// beforehand how many logins it will cost and how many requests it may fail, and looks that memory,
// goroutines and file descriptors stay where they are. `make soak` takes twenty minutes and writes
// docs/soak.md; go test takes a few seconds of the same.
package soak
