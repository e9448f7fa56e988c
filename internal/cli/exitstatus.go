package cli

// The exit statuses; [exitStatusTopic] explains them to people.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3
	exitUnknown     = 4
	exitUnreachable = 5
)

const exitStatusTopic = `Every command ends with one of these, so that a script can decide what to do:

  0  done
  1  failed: the platform answered "call" with a status of 300 or more (304 excepted), a
     token is refused even after a renewal, a new password could not be saved, an
     interrupt, or anything that has no status of its own
  2  usage: the command line, the environment, a file or a path is wrong; nothing was sent
  3  refused or latched: the platform refuses the password (or the application's key and
     secret), or no login is sent because it did so before; a person must act, and trying
     again is of no use
  4  the outcome of a password reset is unknown; "thingspace login" settles it
  5  not reachable: network, platform or store failed, a pause after a failure is not over,
     or another process is changing the password; try again later

A failure is one line on standard error that says what happened and what to do. Trying again
in a loop is safe with every status: it never spends a login that could lock the user.
Standard output that is closed early (thingspace call … | head -1) is no failure.`
