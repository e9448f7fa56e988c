// Package killtest holds no code but a proof: that no password is lost silently (G4), although the
// process that rotates it is killed at any moment, the disk is full, or the credentials may not be
// written.
//
// Each test kills real processes with SIGKILL in the middle of a ResetPassword, against the simulated
// platform behind a loopback socket, with the store and the credentials in files; looks at what they
// left; and lets other processes recover from it. Dead processes are waited out in virtual time: the
// recovery runs in a testing/synctest bubble over the same files and the same platform.
//
// The environment variable THINGSPACE_KILLS says how many processes TestG4KilledRotations kills
// (`make kills`: a thousand). It prints where the kills fell and how each ended.
package killtest
