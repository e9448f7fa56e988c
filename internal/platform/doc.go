// Package platform is a ThingSpace Connectivity Management platform in memory: OAuth2 tokens,
// sessions, strikes and the password reset, with the gateway in front of them. It is the one model
// behind the test double for Go (package sessiontest) and the simulator process.
//
// What the platform does is taken from Verizon's documentation where that says anything. Where it
// does not, behaviour is a field of [Switches] that says so in its comment with the word
// "invented"; programs that work whatever the switches say can be trusted with the real platform.
//
// The package uses the standard library only, starts no goroutine and reads the time through
// [Options.Now], so that it can be used inside a testing/synctest bubble. Everything is safe for
// concurrent use.
package platform
