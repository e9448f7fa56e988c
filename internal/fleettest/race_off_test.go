//go:build !race

package fleettest

const clientsOfOneProcess = 1000
