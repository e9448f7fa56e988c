package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
)

var (
	statusNow   = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	statusPlace = place{"https://thingspace.verizon.com/api", "zbeeblebrox", "file:/var/lib/thingspace", "the variable THINGSPACE_PASSWORD"}
)

func TestStatusSaysWhatAPersonMustDo(t *testing.T) {
	ok := session.Status{Limit: 3, Password: session.PasswordUsable, Rotation: session.RotationNone}
	refusal := []session.AttemptStatus{{At: statusNow, State: session.AttemptRefused}}
	with := func(change func(*session.Status)) session.Status { s := ok; change(&s); return s }
	for name, c := range map[string]struct {
		s    session.Status
		act  action
		says string
	}{
		"nothing": {ok, actNone, "logs in"},
		"alive": {with(func(s *session.Status) {
			s.Session = session.SessionStatus{Present: true, Readable: true, Alive: true}
		}), actNone, "nothing to do"},
		"refused":                {with(func(s *session.Status) { s.Password, s.Latched, s.Strikes = session.PasswordRefused, true, 1 }), actChange, "into the variable THINGSPACE_PASSWORD: another one is tried by itself. If the one there is right, run 'thingspace rearm' (if"},
		"refused, count cleared": {with(func(s *session.Status) { s.Password, s.Latched = session.PasswordRefused, true }), actChange, "run 'thingspace rearm'"},
		"refused, a session lives": {with(func(s *session.Status) {
			s.Password, s.Latched, s.Strikes = session.PasswordRefused, true, 1
			s.Session = session.SessionStatus{Present: true, Readable: true, Alive: true}
		}), actChange, "goes on working"},
		"retired": {with(func(s *session.Status) { s.Password, s.Latched = session.PasswordRetired, true }), actChange, "credentials file"},
		"three strikes that may still arrive": {with(func(s *session.Status) {
			s.Latched, s.Strikes = true, 3
			for n := range 3 {
				s.Attempts = append(s.Attempts, session.AttemptStatus{State: session.AttemptUnknown, MayArriveUntil: statusNow.Add(time.Duration(3-n) * time.Minute)})
			}
		}), actRearm, "run 'thingspace rearm --cleared', after 2026-11-23T18:01:00Z (before that the requests may still reach the platform, and stay listed); without"},
		"three strikes, then a success": {with(func(s *session.Status) {
			s.Latched, s.Strikes = true, 3
			s.Session = session.SessionStatus{Present: true, Readable: true, Alive: true, Obtained: statusNow}
			for n := range 3 {
				s.Attempts = append(s.Attempts, session.AttemptStatus{At: statusNow.Add(-time.Minute), MayArriveUntil: statusNow.Add(time.Duration(n+1) * time.Minute)})
			}
		}), actRearm, "the last login succeeded, so run 'thingspace rearm --cleared', after 2026-11-23T18:01:00Z (before"},
		"a success, then three strikes": {with(func(s *session.Status) {
			s.Latched, s.Strikes = true, 3
			s.Session = session.SessionStatus{Present: true, Readable: true, Alive: true, Obtained: statusNow.Add(-time.Minute)}
			s.Attempts = []session.AttemptStatus{{At: statusNow.Add(-2 * time.Minute)}, {At: statusNow}, {At: statusNow}}
		}), actRearm, "check the password in the variable"},
		"three strikes of which two may": {with(func(s *session.Status) {
			s.Latched, s.Strikes = true, 3
			for n := range 3 {
				s.Attempts = append(s.Attempts, session.AttemptStatus{State: session.AttemptUnknown, MayArriveUntil: statusNow.Add(time.Duration(n) * time.Minute)})
			}
		}), actRearm, "run 'thingspace rearm --cleared'; without"},
		"three strikes":              {with(func(s *session.Status) { s.Latched, s.Strikes = true, 3 }), actRearm, "a new one alone does not help any more: log in with it on the ThingSpace portal, and if that works run 'thingspace rearm --cleared'"},
		"three strikes, refused":     {with(func(s *session.Status) { s.Latched, s.Strikes, s.Password = true, 3, session.PasswordRefused }), actRearm, "put the right password into the variable THINGSPACE_PASSWORD; a new one alone does not help"},
		"four strikes":               {with(func(s *session.Status) { s.Latched, s.Strikes = true, 4 }), actRearm, "by a login on the ThingSpace portal, put it into the variable THINGSPACE_PASSWORD, and run 'thingspace rearm --cleared'"},
		"four strikes, refused":      {with(func(s *session.Status) { s.Latched, s.Strikes, s.Password = true, 4, session.PasswordRefused }), actRearm, "'thingspace rearm --cleared' (and then 'thingspace rearm', if"},
		"lost, strikes used up":      {with(func(s *session.Status) { s.Latched, s.Strikes, s.Password = true, 3, session.PasswordLost }), actSupport, "run 'thingspace rearm --cleared' and 'thingspace login'"},
		"sealed with another secret": {with(func(s *session.Status) { s.Session.Foreign = 1 }), actNone, "check THINGSPACE_APP_KEY and THINGSPACE_APP_SECRET"},
		"rearmed":                    {with(func(s *session.Status) { s.Rearmed, s.Strikes = true, 3 }), actLogIn, "one login is allowed"},
		"password lost":              {with(func(s *session.Status) { s.Password, s.Latched = session.PasswordLost, true }), actSupport, "Verizon support"},
		"rotation lost":              {with(func(s *session.Status) { s.Rotation, s.Password = session.RotationLost, session.PasswordMissing }), actSupport, "Verizon support"},
		"unknown":                    {with(func(s *session.Status) { s.Rotation = session.RotationUnknown }), actLogIn, "settles it"},
		"unknown latched":            {with(func(s *session.Status) { s.Rotation, s.Latched, s.Strikes = session.RotationUnknown, true, 3 }), actRearm, "thingspace rearm"},
		"saving":                     {with(func(s *session.Status) { s.Rotation = session.RotationSaving }), actSave, "credentials file"},
		"sending": {with(func(s *session.Status) {
			s.Rotation, s.RotationBegan, s.RotationEnds = session.RotationSending, statusNow.Add(-time.Minute), statusNow.Add(3*time.Minute)
		}), actWait, "if it has not by 2026-11-23T18:03:00Z, its process died: then run 'thingspace login'"},
		"sending for too long": {with(func(s *session.Status) {
			s.Rotation, s.RotationBegan, s.RotationEnds = session.RotationSending, statusNow.Add(-4*time.Minute), statusNow
		}), actLogIn, "run 'thingspace login', which settles what the dead process left; it first watches for up to 6 minutes"},
		"sending by tomorrow's clock": {with(func(s *session.Status) {
			s.Rotation, s.RotationBegan, s.RotationEnds = session.RotationSending, statusNow.Add(24*time.Hour), statusNow.Add(25*time.Hour)
		}), actLogIn, "run 'thingspace login'"},
		"sending for too long, latched": {with(func(s *session.Status) {
			s.Rotation, s.RotationBegan, s.RotationEnds = session.RotationSending, statusNow.Add(-4*time.Minute), statusNow
			s.Latched, s.Strikes = true, 3
		}), actRearm, "'thingspace rearm' allows one login"},
		"a refused password, and none given": {with(func(s *session.Status) {
			s.Password, s.Refused, s.Strikes, s.Attempts = session.PasswordMissing, 1, 1, refusal
		}), actChange, "find the process whose password was refused, and run 'thingspace status' with its settings, credentials included"},
		"a refused password, and another given": {with(func(s *session.Status) { s.Refused, s.Strikes, s.Attempts = 1, 1, refusal }), actLogIn, "run 'thingspace login' if this password is the right one"},
		"a refused password long ago, and none given": {with(func(s *session.Status) {
			s.Refused, s.Strikes, s.Password = 1, 1, session.PasswordMissing
			s.Attempts = []session.AttemptStatus{{State: session.AttemptUnknown}, {State: session.AttemptRefused, Reset: true}}
		}), actNone, "nothing to do, unless a process holds a refused password"},
		"a refused password long ago": {with(func(s *session.Status) { s.Refused = 1 }), actNone, "logs in"},
		"support's password is there": {with(func(s *session.Status) { s.Rotation = session.RotationLost }), actLogIn, "if the password in the variable THINGSPACE_PASSWORD is the one that Verizon support has set, run 'thingspace login'"},
		"pause":                       {with(func(s *session.Status) { s.NotBefore = statusNow.Add(time.Minute) }), actWait, "in 1 minute (2026-"},
		"pause over":                  {with(func(s *session.Status) { s.NotBefore = statusNow.Add(-time.Minute) }), actNone, "logs in"},
		"pending":                     {with(func(s *session.Status) { s.Pending = true }), actWait, "under way"},
		"probe":                       {with(func(s *session.Status) { s.ProbeOwed = true }), actNone, "costs nothing"},
		"no password":                 {with(func(s *session.Status) { s.Password = session.PasswordMissing }), actNone, "asks for the password"},
	} {
		act, text := nextStep("the variable THINGSPACE_PASSWORD", c.s, statusNow)
		if act != c.act || !strings.Contains(text, c.says) {
			t.Errorf("%s: %s, %q", name, act, text)
		}
	}
}

func TestEveryStateHasWords(t *testing.T) {
	for _, p := range []session.PasswordState{
		session.PasswordMissing, session.PasswordUsable, session.PasswordRefused, session.PasswordRetired, session.PasswordLost,
	} {
		if passwordWords(session.Status{Password: p}) == "" {
			t.Error(p)
		}
	}
	seen := map[string]bool{}
	for _, r := range []session.RotationState{
		session.RotationNone, session.RotationSending, session.RotationSaving, session.RotationUnknown, session.RotationLost,
	} {
		for _, ends := range []time.Time{statusNow, statusNow.Add(time.Minute)} {
			seen[rotationWords(session.Status{Rotation: r, RotationEnds: ends}, statusNow)] = true
		}
	}
	if len(seen) != 6 {
		t.Error(seen)
	}
	for _, s := range []session.AttemptState{session.AttemptPending, session.AttemptUnknown, session.AttemptRefused} {
		if w := attemptWords(session.AttemptStatus{At: statusNow, State: s}, statusNow); strings.HasSuffix(w, " ") {
			t.Errorf("%s: %q", s, w)
		}
	}
}

// What scripts read may grow, and does not change.
func TestStatusAsJSONIsStable(t *testing.T) {
	s := session.Status{
		Session: session.SessionStatus{
			Present: true, Readable: true, Alive: true,
			Obtained: statusNow.Add(-time.Hour), LastUsed: statusNow.Add(-time.Minute), Expires: statusNow.Add(19 * time.Minute),
		},
		Bearer:  session.BearerStatus{Present: true, Expires: statusNow.Add(time.Hour)},
		Strikes: 1, Limit: 3, Password: session.PasswordUsable, Rotation: session.RotationNone,
		Attempts: []session.AttemptStatus{{At: statusNow.Add(-2 * time.Minute), State: session.AttemptRefused}},
	}
	text, err := json.MarshalIndent(report(statusPlace, s, statusNow), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "baseUrl": "https://thingspace.verizon.com/api",
  "username": "zbeeblebrox",
  "store": "file:/var/lib/thingspace",
  "session": {
    "present": true,
    "readable": true,
    "alive": true,
    "obtained": "2026-11-23T17:00:00Z",
    "lastUsed": "2026-11-23T17:59:00Z",
    "expires": "2026-11-23T18:19:00Z",
    "foreign": 0
  },
  "bearer": {
    "present": true,
    "expires": "2026-11-23T19:00:00Z"
  },
  "strikes": 1,
  "limit": 3,
  "attempts": [
    {
      "at": "2026-11-23T17:58:00Z",
      "state": "refused",
      "reset": false,
      "mayArriveUntil": null
    }
  ],
  "latched": false,
  "password": "usable",
  "rotation": "none",
  "rotationBegan": null,
  "rotationEnds": null,
  "loginPending": false,
  "probeOwed": false,
  "notBefore": null,
  "rearmed": false,
  "refusedPasswords": 0,
  "retiredPasswords": 0,
  "action": "none",
  "advice": "nothing to do"
}`
	if string(text) != want {
		t.Errorf("%s", text)
	}
}

// A password that has been used up, and one that is typed, are told of in the same words.
func TestAdviceNamesWhatHoldsThePassword(t *testing.T) {
	s := session.Status{Limit: 3, Latched: true, Strikes: 1, Password: session.PasswordRefused}
	for holder, want := range map[string]string{
		"the credentials file /etc/c.json": "put the right password into the credentials file /etc/c.json: ",
		"":                                 "use the right password: ",
	} {
		if _, text := nextStep(holder, s, statusNow); !strings.HasPrefix(text, want) {
			t.Errorf("%q: %q", holder, text)
		}
	}
}

func TestWhatClearingKeepsIsSaidAndWhy(t *testing.T) {
	before := session.Status{Strikes: 3}
	after := session.Status{
		Strikes: 1, Limit: 3, Password: session.PasswordRefused,
		Attempts: []session.AttemptStatus{{
			At: statusNow.Add(-time.Minute), State: session.AttemptUnknown, Reset: true, MayArriveUntil: statusNow.Add(14 * time.Minute),
		}},
	}
	got := strings.Join(clearedWords(before, after, statusNow), "\n")
	const want = "2 failed logins are off the list\n" +
		"kept: a password reset 1 minute ago (2026-11-23T17:59:00Z) got no clear answer: it may count, " +
		"and may still reach the platform, so no success strikes it off before 2026-11-23T18:14:00Z; " +
		"it would count there after all, so run this again then\n" +
		"kept: that the platform refused this password"
	if got != want {
		t.Errorf("%s", got)
	}
	if got := clearedWords(session.Status{}, session.Status{}, statusNow); len(got) != 1 || got[0] != "no failed login was listed" {
		t.Errorf("%q", got)
	}
}

// A success strikes off what was answered, and what can no longer arrive; only of the rest it is said
// that no success does.
func TestStatusSaysWhenASuccessStrikesAnAttemptOff(t *testing.T) {
	at := session.AttemptStatus{At: statusNow.Add(-time.Minute), State: session.AttemptUnknown}
	if w := attemptWords(at, statusNow); !strings.HasSuffix(w, "it may count; the next success strikes it off") {
		t.Error(w)
	}
	at.MayArriveUntil = statusNow.Add(4 * time.Minute)
	if w := attemptWords(at, statusNow); !strings.HasSuffix(w, "no success strikes it off before 2026-11-23T18:04:00Z") {
		t.Error(w)
	}
}

func TestStatusTellsWhatIsRefusedOfWhomAndWhatARearmAllows(t *testing.T) {
	for want, s := range map[string]session.Status{
		"not given; 1 password of this user is refused":                                {Password: session.PasswordMissing, Refused: 1},
		"not given; 2 passwords of this user are refused":                              {Password: session.PasswordMissing, Refused: 2},
		"nothing is known against it, but 1 password of this user is noted as refused": {Password: session.PasswordUsable, Refused: 1},
		"it is not sent again": {Password: session.PasswordRefused, Refused: 1},
		"it is sent once more, since somebody ran 'thingspace rearm'": {Password: session.PasswordRefused, Refused: 1, Rearmed: true},
	} {
		if got := passwordWords(s); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := strikeWords(session.Status{Strikes: 3, Limit: 3, Rearmed: true}); !strings.HasPrefix(got, "3; one more login is allowed") {
		t.Error(got)
	}
}
