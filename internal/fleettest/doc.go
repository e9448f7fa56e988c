// Package fleettest holds the proofs that need a fleet: many processes and clients over one real Redis
// server, and up to ten thousand clients through a day of virtual time.
package fleettest
