package cli

import (
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

// nextStep says what a person must do about a status, most urgent first.
func nextStep(s session.Status, now time.Time) (action, string) {
	act, text := urgent(s, now)
	if act != actNone && act != actWait && s.Session.Alive && s.Session.Readable {
		text += ". The session in hand goes on working until it lapses"
	}
	return act, text
}

func urgent(s session.Status, now time.Time) (action, string) {
	switch {
	case s.Rotation == session.RotationLost || s.Password == session.PasswordLost:
		return actSupport, "ask Verizon support to set a new password, put it where this command reads it, and run 'thingspace login'"
	case s.Rotation == session.RotationSaving:
		return actSave, "make sure that the credentials file can be written, and run 'thingspace login' with it: the new password is saved first"
	case s.Rotation == session.RotationUnknown && !s.Latched:
		return actLogIn, "run 'thingspace login': one login with the password in hand settles it"
	case s.Rotation == session.RotationSending:
		return actWait, "wait until the password reset has ended"
	case s.Password == session.PasswordRetired:
		return actChange, "use the password that the reset saved in its credentials file"
	case s.Password == session.PasswordRefused && s.Latched:
		return actChange, "correct the password where this command reads it: a new one is tried by itself. " +
			"If you are sure that this one is right, run 'thingspace rearm'"
	case s.Latched && s.Strikes > s.Limit:
		return actRearm, "one more failure could lock the user. Log in on the portal to check the password; " +
			"when that has worked, run 'thingspace rearm --cleared'"
	case s.Latched:
		return actRearm, "check the password, best by a login on the portal, then run 'thingspace rearm' for one more login " +
			"(or 'thingspace rearm --cleared' if the login on the portal worked)"
	case s.Rearmed:
		return actLogIn, "one login is allowed: run 'thingspace login'"
	case s.NotBefore.After(now):
		return actWait, "nothing to do: the next login is allowed " + moment(s.NotBefore, now)
	case s.Pending:
		return actWait, "nothing to do: a login is under way"
	case s.ProbeOwed:
		return actNone, "nothing to do: before the next login the platform is asked whether it answers, which costs nothing"
	case s.Session.Present && s.Session.Readable && s.Session.Alive:
		return actNone, "nothing to do"
	case s.Password == session.PasswordMissing:
		return actNone, "nothing to do: the next command that needs a session asks for the password, or must be given it"
	}
	return actNone, "nothing to do: the next command that needs a session logs in"
}
