package cli

import (
	"slices"
	"strings"
	"time"

	"iot.internal/thingspace/session"
)

// action is what a person must do, for scripts.
type action string

const (
	actNone    action = "none"
	actWait    action = "wait"
	actLogIn   action = "log-in"
	actChange  action = "change-password"
	actRearm   action = "rearm"
	actSupport action = "call-support"
	actSave    action = "save-password"
)

// nextStep says what a person must do about a status, most urgent first. holder is what holds the
// password in use, "" if it is typed.
func nextStep(holder string, s session.Status, now time.Time) (action, string) {
	act, text := urgent(holder, s, now)
	if act != actNone && act != actWait && s.Session.Alive && s.Session.Readable {
		text += ". The session in hand goes on working until it lapses, unless the platform has ended it"
	}
	return act, text
}

func urgent(holder string, s session.Status, now time.Time) (action, string) {
	switch {
	case s.Rotation == session.RotationLost && s.Password == session.PasswordUsable:
		return actLogIn, "if the password in " + orHand(holder) + " is the one that Verizon support has set, run " + rearmFirst(s) + "'thingspace login'; until then ask them for one"
	case s.Rotation == session.RotationLost || s.Password == session.PasswordLost:
		return actSupport, "ask Verizon support to set a new password, " + put("it", holder) + ", and run " + rearmFirst(s) + "'thingspace login'"
	case s.Rotation == session.RotationSaving:
		return actSave, "make sure that the credentials file can be written, and run 'thingspace login' with it: the new password is saved first"
	case s.Rotation == session.RotationUnknown && !s.Latched:
		return actLogIn, "run 'thingspace login': one login with the password in hand settles it"
	case s.Rotation == session.RotationSending && !rotationDied(s, now):
		then := "then run 'thingspace login', which settles it after watching for as long again"
		if s.Latched {
			then = "then run 'thingspace status' again"
		}
		return actWait, "wait until the password reset has ended; if it has not by " + s.RotationEnds.UTC().Format(time.RFC3339) + ", its process died: " + then
	case s.Rotation == session.RotationSending && !s.Latched:
		return actLogIn, "run 'thingspace login', which settles what the dead process left; it first watches for up to " + inWords(rotationPatience(s)) + " that nobody works on it"
	case s.Password == session.PasswordRetired:
		return actChange, replaceRetired(holder)
	case s.Latched:
		return stopped(holder, s, now)
	case s.Rearmed:
		return actLogIn, "one login is allowed: run 'thingspace login'"
	case s.NotBefore.After(now):
		return actWait, "nothing to do: the next login is allowed " + moment(s.NotBefore, now)
	case s.Pending:
		return actWait, "nothing to do: a login is under way, or its process died, which the next command that needs a session finds out"
	case refusedLately(s) && s.Password == session.PasswordMissing:
		return actChange, "find the process whose password was refused, and run 'thingspace status' with its settings, credentials included"
	case refusedLately(s):
		return actLogIn, "run 'thingspace login' if this password is the right one: a success strikes off what failed. " +
			"A process that holds the refused one logs in no more: run 'thingspace status' with its settings, credentials included"
	case s.ProbeOwed:
		return actNone, "nothing to do: before the next login the platform is asked whether it answers, which costs nothing"
	}
	text := "nothing to do"
	if s.Refused > 0 && s.Password == session.PasswordMissing {
		text += ", unless a process holds a refused password, which 'thingspace status' with its settings tells"
	}
	if !s.Session.Present || !s.Session.Readable || !s.Session.Alive {
		text += ": " + nextCommand(s)
	}
	return actNone, text
}

// refusedLately reports that the platform has refused a password since the last success.
func refusedLately(s session.Status) bool {
	return s.Refused > 0 && slices.ContainsFunc(s.Attempts, func(a session.AttemptStatus) bool {
		return a.State == session.AttemptRefused && !a.Reset
	})
}

// replaceRetired is what to do about a password that was rotated away. It is never sent again, not even
// after a rearm: whoever has not heard of the rotation still holds it.
func replaceRetired(holder string) string {
	if strings.HasPrefix(holder, credentialsHolder) {
		return put("the password that is in force now", holder) + "; this one is never sent again, whatever happens, so do not make it the right one anew"
	}
	return put("the password that the reset saved in its credentials file", holder) + ", or use that file (" + setCredentials.env + ")"
}

// stopped is what to do when no login is sent. What a login on the portal shows is sure, and a
// success there sets the platform's own count to zero; a login by us may be one failure more.
func stopped(holder string, s session.Status, now time.Time) (action, string) {
	refused := s.Password == session.PasswordRefused
	right := "check the password in " + holder
	if refused || holder == "" {
		right = put("the right password", holder)
	}
	switch {
	case s.Strikes > s.Limit:
		text := "find out the right password by a login on the ThingSpace portal, " + put("it", holder) + ", and run 'thingspace rearm --cleared'"
		if refused {
			text += " (and then 'thingspace rearm', if the right one is the one that was refused)"
		}
		return actRearm, text
	case s.Strikes == s.Limit && succeededSince(s):
		return actRearm, "the last login succeeded, so run 'thingspace rearm --cleared'" + clearable(s, now)
	case s.Strikes == s.Limit:
		return actRearm, right + "; a new one alone does not help any more: log in with it on the ThingSpace portal, " +
			"and if that works run 'thingspace rearm --cleared'" + clearable(s, now) + "; without the portal 'thingspace rearm' allows one login"
	case refused:
		text := right + ": another one is tried by itself. If the one there is right, run 'thingspace rearm'"
		if s.Strikes > 0 {
			text += " (if Verizon support had to unlock the user, 'thingspace rearm --cleared' before that)"
		}
		return actChange, text
	}
	return actRearm, right + ", then run 'thingspace rearm' for one login"
}

// succeededSince reports that the session in hand is newer than whatever is listed.
func succeededSince(s session.Status) bool {
	return s.Session.Alive && s.Session.Readable && s.Password != session.PasswordRefused &&
		!slices.ContainsFunc(s.Attempts, func(a session.AttemptStatus) bool { return !a.At.Before(s.Session.Obtained) })
}

// clearable says when clearing the count helps, if it does not yet: what may still reach the platform stays
// listed until it cannot.
func clearable(s session.Status, now time.Time) string {
	var kept []time.Time
	for _, a := range s.Attempts {
		if a.MayArriveUntil.After(now) {
			kept = append(kept, a.MayArriveUntil)
		}
	}
	if len(kept) < s.Limit {
		return ""
	}
	slices.SortFunc(kept, time.Time.Compare)
	return ", after " + kept[len(kept)-s.Limit].UTC().Format(time.RFC3339) + " (before that the requests may still reach the platform, and stay listed)"
}

// unlock is what to do when the platform says that the user is locked.
func unlock(holder string) string {
	return "its code speaks of a lock: ask Verizon support to unlock the user, " + put("the right password", holder) +
		", and run 'thingspace rearm --cleared', 'thingspace rearm' and 'thingspace login', in this order"
}

// orHand is what holds the password, in a sentence.
func orHand(holder string) string {
	if holder == "" {
		return "hand"
	}
	return holder
}

// put says where a password belongs.
func put(what, holder string) string {
	if holder == "" {
		return "use " + what
	}
	return "put " + what + " into " + holder
}

// rearmFirst is what must precede a login when the strikes are used up.
func rearmFirst(s session.Status) string {
	if s.Strikes < s.Limit {
		return ""
	}
	return "'thingspace rearm --cleared' and "
}

// nextCommand is what comes without anybody's doing.
func nextCommand(s session.Status) string {
	switch {
	case s.Session.Foreign > 0 && !s.Session.Present:
		return "the next command that needs a session logs in; if you expected one, check " + setAppKey.env + " and " + setAppSecret.env
	case s.Password == session.PasswordMissing:
		return "the next command that needs a session asks for the password, or must be given it"
	}
	return "the next command that needs a session logs in"
}
