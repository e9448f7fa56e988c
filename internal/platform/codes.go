package platform

// service is the name that live answers put before a code, as three independent code bases record it.
const service = "UnifiedWebService."

// Codes of the platform, without the service name.
const (
	codeTokenExpired     = "REQUEST_FAILED.SessionToken.Expired"    // documented: idle for more than 20 minutes
	codeTokenInvalid     = "INPUT_INVALID.SessionToken.Invalid"     // reported: not a GUID
	codeTokenFormat      = "REQUEST_FAILED.SessionToken.Format"     // reported: not in the header
	codeInvalidCharacter = "INPUT_INVALID.Request.InvalidCharacter" // documented
	codeRequestUndefined = "INPUT_INVALID.RequestUndefined"         // documented
	codeUnexpected       = "REQUEST_FAILED.UnexpectedError"         // documented
	codeDeserialization  = "DeserializationFailed"                  // documented, without a class
	codeAccountNotFound  = "REQUEST_FAILED.AccountNotFound"         // documented
	codeWrongPassword    = "INPUT_INVALID.Password.Invalid"         // invented
	codeLocked           = "REQUEST_FAILED.Account.Locked"          // invented
)

// messages are those of the documentation where it gives any.
var messages = map[string]string{
	codeTokenExpired:     "The Session has expired.",
	codeTokenInvalid:     "The session token is not valid.",
	codeTokenFormat:      "The session token is missing.",
	codeInvalidCharacter: "The request contains a character that is not allowed.",
	codeRequestUndefined: "Request cannot be blank.",
	codeUnexpected:       "Unexpected error occurred. Could not complete request.",
	codeDeserialization:  "The request could not be read.",
	codeAccountNotFound:  "The account was not found.",
	codeWrongPassword:    "The user name or password is not valid.",
	codeLocked:           "The user is locked. Contact Verizon support.",
}

// Codes of the gateway.
const (
	faultInvalidBearer = "900901"
	faultMissingBearer = "900902"
	faultNoResource    = "900906"
	faultThrottled     = "900800"
	faultForbidden     = "900908"
	faultBackend       = "101503"
)

type faultText struct{ kind, message, description string }

var faultTexts = map[string]faultText{
	faultInvalidBearer: {"", "Invalid Credentials", "Access failure for API: /m2m/v1, version: v1. Make sure you have given the correct access token"},
	faultMissingBearer: {"", "Missing Credentials", `Required OAuth credentials not provided. Make sure your API invocation call has a header: "Authorization: Bearer ACCESS_TOKEN"`},
	faultNoResource:    {"", "No matching resource found in the API for the given request", "Check the API documentation and add a proper REST resource path to the invocation URL"},
	faultThrottled:     {"", "Message throttled out", "You have exceeded your quota"},
	faultForbidden:     {"", "Resource forbidden", "The user invoking the API has not been granted access to the required resource"},
	faultBackend:       {"Status report", "Runtime Error", "Error connecting to the back end"},
	"404":              {"Status report", "Not Found", "The requested resource is not available."},
	"405":              {"Status report", "Method Not Allowed", "Method not allowed for given API resource"},
	"413":              {"Status report", "Request Entity Too Large", "The request is too large."},
}
