// Package session holds one Verizon ThingSpace Connectivity Management session, safely, for every
// goroutine, process and host that shares a store.
package session
