// Package bench compares package session with other ways of putting a short-lived token on a request:
// what a request costs (BenchmarkHot…, BenchmarkRead), and what happens when the token is missing,
// expired or refused (TestTable…, which print a table each and assert our own row only).
//
// It is a module of its own, so that the peers never enter the go.mod of the one it measures. See
// README.md for how to run it and what the peers are made of.
package bench
