package cli

import (
	"time"

	"iot.internal/thingspace/session"
)

// statusReport is a status for scripts. Its names are documented in the command's help.
type statusReport struct {
	BaseURL  string                `json:"baseUrl"`
	Username string                `json:"username"`
	Store    string                `json:"store"`
	Session  sessionReport         `json:"session"`
	Bearer   bearerReport          `json:"bearer"`
	Strikes  int                   `json:"strikes"`
	Limit    int                   `json:"limit"`
	Attempts []attemptReport       `json:"attempts"`
	Latched  bool                  `json:"latched"`
	Password session.PasswordState `json:"password"`
	Rotation session.RotationState `json:"rotation"`
	Began    *time.Time            `json:"rotationBegan"`
	Ends     *time.Time            `json:"rotationEnds"`
	Pending  bool                  `json:"loginPending"`
	Probe    bool                  `json:"probeOwed"`
	Not      *time.Time            `json:"notBefore"`
	Rearmed  bool                  `json:"rearmed"`
	Refused  int                   `json:"refusedPasswords"`
	Retired  int                   `json:"retiredPasswords"`
	Action   action                `json:"action"`
	Advice   string                `json:"advice"`
}

type sessionReport struct {
	Present  bool       `json:"present"`
	Readable bool       `json:"readable"`
	Alive    bool       `json:"alive"`
	Obtained *time.Time `json:"obtained"`
	LastUsed *time.Time `json:"lastUsed"`
	Expires  *time.Time `json:"expires"`
	Foreign  int        `json:"foreign"`
}

type bearerReport struct {
	Present bool       `json:"present"`
	Expires *time.Time `json:"expires"`
}

type attemptReport struct {
	At    time.Time            `json:"at"`
	State session.AttemptState `json:"state"`
	Reset bool                 `json:"reset"`
	Until *time.Time           `json:"mayArriveUntil"`
}

func report(p place, s session.Status, now time.Time) statusReport {
	act, advice := nextStep(p.password, s, now)
	r := statusReport{
		BaseURL: p.baseURL, Username: p.username, Store: p.store,
		Session: sessionReport{
			Present: s.Session.Present, Readable: s.Session.Readable, Alive: s.Session.Alive,
			Obtained: utc(s.Session.Obtained), LastUsed: utc(s.Session.LastUsed), Expires: utc(s.Session.Expires),
			Foreign: s.Session.Foreign,
		},
		Bearer:  bearerReport{s.Bearer.Present, utc(s.Bearer.Expires)},
		Strikes: s.Strikes, Limit: s.Limit, Attempts: []attemptReport{}, Latched: s.Latched,
		Password: s.Password, Rotation: s.Rotation, Began: utc(s.RotationBegan), Ends: utc(s.RotationEnds), Pending: s.Pending, Probe: s.ProbeOwed, Not: utc(s.NotBefore),
		Rearmed: s.Rearmed, Refused: s.Refused, Retired: s.Retired, Action: act, Advice: advice,
	}
	for _, a := range s.Attempts {
		r.Attempts = append(r.Attempts, attemptReport{a.At.UTC().Truncate(time.Second), a.State, a.Reset, utc(a.MayArriveUntil)})
	}
	return r
}

// utc is a time in UTC to the second, nil for none.
func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
