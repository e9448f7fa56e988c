//go:build race

package fleettest

// The race detector makes one process of a thousand clients too slow for a small machine to answer in time.
const clientsOfOneProcess = 200
