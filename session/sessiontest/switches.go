package sessiontest

import (
	"time"

	"iot.internal/thingspace/internal/platform"
)

// FaultForm is how the gateway writes its errors. Verizon documents JSON with the code as a string,
// and shows XML once; the other forms are those of the gateway's product in other versions.
type FaultForm = platform.FaultForm

// The forms of a gateway fault.
const (
	FaultJSON      FaultForm = platform.FaultJSON      // {"fault": {"code": "900901", …}}, as documented
	FaultNumber    FaultForm = platform.FaultNumber    // the same with the code as a number
	FaultUnwrapped FaultForm = platform.FaultUnwrapped // {"code": "900901", …}, as from version 4 of the product
	FaultXML       FaultForm = platform.FaultXML       // <am:fault>, as in the documented 403
	FaultAccept    FaultForm = platform.FaultAccept    // XML for those who ask for XML and not for JSON, else JSON
)

// Activity is which calls keep a session alive.
type Activity = platform.Activity

// The kinds of activity.
const (
	ActivityAccepted Activity = platform.ActivityAccepted // calls that were answered with a status below 400
	ActivityAny      Activity = platform.ActivityAny      // every call that the gateway let through with the token
)

// ExpiryShape is how a resource says that the session token is not good.
type ExpiryShape = platform.ExpiryShape

// The shapes of a refused session.
const (
	ExpiryM2M            ExpiryShape = platform.ExpiryM2M            // 400 with a SessionToken code
	ExpiryLocation       ExpiryShape = platform.ExpiryLocation       // 400 INVALID_PARAMETER, as documented for Device Location
	ExpiryCloudConnector ExpiryShape = platform.ExpiryCloudConnector // 401 unauthorized quoting UWS, as documented for Cloud Connector
)

// Switches is what is not known of the real platform, or what a test wants otherwise. Where a comment
// says "invented", no source was found for any behaviour. What is said to be documented is the
// default, and so are false, 0 and "" unless a comment says otherwise. See [Server.SetSwitches].
type Switches struct {
	// IdleLimit is how long a session lives without use. Documented: 20 minutes.
	IdleLimit time.Duration
	// SessionLifetime ends a session however much it is used; 0 means never. Invented: no maximum
	// is documented.
	SessionLifetime time.Duration
	// BearerLifetime is how long a bearer lives from its first issue. Documented: one hour.
	BearerLifetime time.Duration
	// StrikeLimit is the number of consecutive failed logins that locks a user. Documented: 5.
	StrikeLimit int

	// Activity is which calls keep a session alive. Invented: not documented. Default: accepted.
	Activity Activity
	// LoginEndsOthers lets a login end the user's other sessions. Invented: not documented either way.
	LoginEndsOthers bool
	// UsernameIgnoresCase treats "Zaphod" and "zaphod" as one user. Invented: not documented.
	UsernameIgnoresCase bool

	// RefusedStatus and RefusedCode answer a wrong password and an unknown user. Invented: only the
	// status 400 of a failed login is documented. Default: 400 INPUT_INVALID.Password.Invalid.
	RefusedStatus int
	RefusedCode   string
	// LockedStatus and LockedCode answer a login of a locked user, whatever the password. Invented.
	// Default: 400 REQUEST_FAILED.Account.Locked.
	LockedStatus int
	LockedCode   string
	// UnknownSessionCode answers a well-formed token that is no session's, or whose session was
	// ended. Invented: the documentation names the codes, not the cases. Default:
	// INPUT_INVALID.SessionToken.Invalid.
	UnknownSessionCode string

	// LogoutOfDeadSessionSucceeds answers 200 to the logout of a token that is no live session's,
	// instead of refusing it with a SessionToken code. Invented: not documented either way.
	LogoutOfDeadSessionSucceeds bool

	// RefusedResetStrikes counts a reset with a wrong oldPassword as a failed login. Invented.
	// Default: true.
	RefusedResetStrikes bool
	// ResetEndsSessions lets a reset end all sessions of the user. Invented.
	ResetEndsSessions bool
	// ResetClearsStrikes lets a successful reset forget failed logins. Invented.
	ResetClearsStrikes bool

	// FaultForm is how the gateway writes its errors. The default, json, is documented; what the
	// real gateway does for other values of Accept is not.
	FaultForm FaultForm
	// ResourceExpiry is how resources refuse a session token. The default, m2m, is that of
	// Connectivity Management; the others are documented for other families of ThingSpace APIs.
	ResourceExpiry ExpiryShape

	// OmitExpiresIn leaves expires_in out of the token endpoint's answer. Invented.
	OmitExpiresIn bool
	// ZeroExpiresIn says 0 however long the bearer lives. Invented.
	ZeroExpiresIn bool
	// FreshBearers makes a new bearer at every request and ends the one before, as the gateway's
	// product does with JWT tokens. Invented: documented is one shared bearer for an hour.
	FreshBearers bool
	// Cookies lets the token endpoint set cookies, one of which holds the bearer, as was observed.
	// Default: true.
	Cookies bool
	// LoosePaths finds the endpoints behind paths in other case, doubly escaped, with back slashes
	// or path parameters. Invented: how lenient the real gateway is, nobody knows.
	LoosePaths bool
}
