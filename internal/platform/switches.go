package platform

import (
	"fmt"
	"net/http"
	"time"
)

// FaultForm is how the gateway writes its errors. Verizon documents JSON with the code as a string,
// and shows XML once; the other forms are those of the gateway's product in other versions.
type FaultForm string

// The forms of a gateway fault.
const (
	FaultJSON      FaultForm = "json"      // {"fault": {"code": "900901", …}}, as documented
	FaultNumber    FaultForm = "number"    // the same with the code as a number
	FaultUnwrapped FaultForm = "unwrapped" // {"code": "900901", …}, as from version 4 of the product
	FaultXML       FaultForm = "xml"       // <am:fault>, as in the documented 403
	FaultAccept    FaultForm = "accept"    // XML for those who ask for XML and not for JSON, else JSON
)

// Activity is which calls keep a session alive.
type Activity string

// The kinds of activity.
const (
	ActivityAccepted Activity = "accepted" // calls that were answered with a status below 400
	ActivityAny      Activity = "any"      // every call that the gateway let through with the token
)

// ExpiryShape is how a resource says that the session token is not good.
type ExpiryShape string

// The shapes of a refused session.
const (
	ExpiryM2M            ExpiryShape = "m2m"             // 400 with a SessionToken code
	ExpiryLocation       ExpiryShape = "location"        // 400 INVALID_PARAMETER, as documented for Device Location
	ExpiryCloudConnector ExpiryShape = "cloud-connector" // 401 unauthorized quoting UWS, as documented for Cloud Connector
)

// Switches is what is not known of the real platform, or what a test wants otherwise. Defaults are
// in [DefaultSwitches].
type Switches struct {
	// IdleLimit is how long a session lives without use. Documented: 20 minutes.
	IdleLimit time.Duration `json:"idleLimit"`
	// SessionLifetime ends a session however much it is used; 0 means never. Invented: no maximum
	// is documented.
	SessionLifetime time.Duration `json:"sessionLifetime"`
	// BearerLifetime is how long a bearer lives from its first issue. Documented: one hour.
	BearerLifetime time.Duration `json:"bearerLifetime"`
	// StrikeLimit is the number of consecutive failed logins that locks a user. Documented: 5.
	StrikeLimit int `json:"strikeLimit"`

	// Activity is which calls keep a session alive. Invented: not documented. Default: accepted.
	Activity Activity `json:"activity"`
	// LoginEndsOthers lets a login end the user's other sessions. Invented: not documented either way.
	LoginEndsOthers bool `json:"loginEndsOthers"`
	// UsernameIgnoresCase treats "Zaphod" and "zaphod" as one user. Invented: not documented.
	UsernameIgnoresCase bool `json:"usernameIgnoresCase"`

	// RefusedStatus and RefusedCode answer a wrong password and an unknown user. Invented: only the
	// status 400 of a failed login is documented. Default: 400 INPUT_INVALID.Password.Invalid.
	RefusedStatus int    `json:"refusedStatus"`
	RefusedCode   string `json:"refusedCode"`
	// LockedStatus and LockedCode answer a login of a locked user, whatever the password. Invented.
	// Default: 400 REQUEST_FAILED.Account.Locked.
	LockedStatus int    `json:"lockedStatus"`
	LockedCode   string `json:"lockedCode"`
	// UnknownSessionCode answers a well-formed token that is no session's, or whose session was
	// ended. Invented: the documentation names the codes, not the cases. Default:
	// INPUT_INVALID.SessionToken.Invalid.
	UnknownSessionCode string `json:"unknownSessionCode"`

	// LogoutOfDeadSessionSucceeds answers 200 to the logout of a token that is no live session's,
	// instead of refusing it with a SessionToken code. Invented: not documented either way.
	LogoutOfDeadSessionSucceeds bool `json:"logoutOfDeadSessionSucceeds"`

	// RefusedResetStrikes counts a reset with a wrong oldPassword as a failed login. Invented.
	// Default: true.
	RefusedResetStrikes bool `json:"refusedResetStrikes"`
	// ResetEndsSessions lets a reset end all sessions of the user. Invented.
	ResetEndsSessions bool `json:"resetEndsSessions"`
	// ResetClearsStrikes lets a successful reset forget failed logins. Invented.
	ResetClearsStrikes bool `json:"resetClearsStrikes"`

	// FaultForm is how the gateway writes its errors. The default, json, is documented; what the
	// real gateway does for other values of Accept is not.
	FaultForm FaultForm `json:"faultForm"`
	// ResourceExpiry is how resources refuse a session token. The default, m2m, is that of
	// Connectivity Management; the others are documented for other families of ThingSpace APIs.
	ResourceExpiry ExpiryShape `json:"resourceExpiry"`

	// OmitExpiresIn leaves expires_in out of the token endpoint's answer. Invented.
	OmitExpiresIn bool `json:"omitExpiresIn"`
	// ZeroExpiresIn says 0 however long the bearer lives. Invented.
	ZeroExpiresIn bool `json:"zeroExpiresIn"`
	// FreshBearers makes a new bearer at every request and ends the one before, as the gateway's
	// product does with JWT tokens. Invented: documented is one shared bearer for an hour.
	FreshBearers bool `json:"freshBearers"`
	// Cookies lets the token endpoint set cookies, one of which holds the bearer, as was observed.
	// Default: true.
	Cookies bool `json:"cookies"`
	// LoosePaths finds the endpoints behind paths in other case, doubly escaped, with back slashes
	// or path parameters. Invented: how lenient the real gateway is, nobody knows.
	LoosePaths bool `json:"loosePaths"`
}

// DefaultSwitches is what a platform does unless told otherwise: what is documented, and where
// nothing is, the harder case for a client that costs it nothing to survive.
func DefaultSwitches() Switches {
	return Switches{
		IdleLimit:           20 * time.Minute,
		BearerLifetime:      time.Hour,
		StrikeLimit:         5,
		Activity:            ActivityAccepted,
		RefusedStatus:       http.StatusBadRequest,
		RefusedCode:         codeWrongPassword,
		LockedStatus:        http.StatusBadRequest,
		LockedCode:          codeLocked,
		UnknownSessionCode:  codeTokenInvalid,
		RefusedResetStrikes: true,
		FaultForm:           FaultJSON,
		ResourceExpiry:      ExpiryM2M,
		Cookies:             true,
	}
}

// Validate says what is wrong with the switches.
func (s Switches) Validate() error {
	switch {
	case s.IdleLimit <= 0:
		return fmt.Errorf("idleLimit must be above 0, not %s", s.IdleLimit)
	case s.SessionLifetime < 0:
		return fmt.Errorf("sessionLifetime must not be negative")
	case s.BearerLifetime <= 0:
		return fmt.Errorf("bearerLifetime must be above 0, not %s", s.BearerLifetime)
	case s.StrikeLimit < 1:
		return fmt.Errorf("strikeLimit must be 1 or more, not %d", s.StrikeLimit)
	case !answerStatus(s.RefusedStatus) || s.RefusedStatus < 400:
		return fmt.Errorf("refusedStatus must be from 400 to 599, not %d", s.RefusedStatus)
	case !answerStatus(s.LockedStatus) || s.LockedStatus < 400:
		return fmt.Errorf("lockedStatus must be from 400 to 599, not %d", s.LockedStatus)
	}
	switch s.Activity {
	case ActivityAccepted, ActivityAny:
	default:
		return fmt.Errorf("unknown activity %q", s.Activity)
	}
	switch s.FaultForm {
	case FaultJSON, FaultNumber, FaultUnwrapped, FaultXML, FaultAccept:
	default:
		return fmt.Errorf("unknown faultForm %q", s.FaultForm)
	}
	switch s.ResourceExpiry {
	case ExpiryM2M, ExpiryLocation, ExpiryCloudConnector:
	default:
		return fmt.Errorf("unknown resourceExpiry %q", s.ResourceExpiry)
	}
	return nil
}

func answerStatus(status int) bool { return status >= 200 && status <= 599 }

// Switches returns the switches as they stand.
func (p *Platform) Switches() Switches {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.switches
}

// SetSwitches changes switches; change is called with those that stand. Nothing changes if the
// result is not valid.
func (p *Platform) SetSwitches(change func(*Switches)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.switches
	change(&s)
	if err := s.Validate(); err != nil {
		return err
	}
	p.switches = s
	return nil
}
