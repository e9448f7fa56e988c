package sessiontest

import (
	"time"

	"iot.internal/thingspace/internal/platform"
)

// Endpoint is a group of requests that are answered alike.
type Endpoint = platform.Endpoint

// The endpoints.
const (
	OAuth     Endpoint = platform.OAuth     // POST /ts/v1/oauth2/token
	Revoke    Endpoint = platform.Revoke    // POST /ts/v1/oauth2/revoke
	Login     Endpoint = platform.Login     // POST /m2m/v1/session/login
	Logout    Endpoint = platform.Logout    // POST /m2m/v1/session/logout
	Reset     Endpoint = platform.Reset     // PUT /m2m/v1/session/password/actions/reset
	Resource  Endpoint = platform.Resource  // everything else below /m2m/
	Elsewhere Endpoint = platform.Elsewhere // everything else
)

// Fault is a rule that makes requests go wrong. Of several the first that is due takes the request.
type Fault struct {
	On    []Endpoint    // which endpoints; none means all
	Skip  int           // how many of their requests pass first
	Times int           // how many it hits after that; 0 means all
	Kind  Kind          // what goes wrong
	Acted bool          // the platform acts on the request all the same: the login counts, the password changes
	Delay time.Duration // of Slow and Late

	Status      int    // of kinds that answer; 0 means what the kind says
	Body        Body   // of Status
	Code        string // of the body, without a service name; "" means one that fits
	Content     string // of BodyContent
	ContentType string // of BodyContent; "" means application/json
	RetryAfter  string // header Retry-After, literally; "" means none
	Location    string // header Location, literally
	Size        int64  // of Huge, GzipBomb and Informational
}

// Kind is what goes wrong.
type Kind = platform.Kind

// Faults before the request is sent. Without a socket they are errors of the transport, with the
// types that net/http's has; a server with a socket can only close the connection.
const (
	// NoSuchHost: the host name cannot be resolved (*net.DNSError).
	NoSuchHost Kind = platform.NoSuchHost
	// ConnectionRefused: nobody listens (*net.OpError of "dial").
	ConnectionRefused Kind = platform.ConnectionRefused
	// BadCertificate: the TLS handshake fails, the authority being unknown.
	BadCertificate Kind = platform.BadCertificate
	// BreakWriting: the connection stands, and breaks before the request is written (*net.OpError of "write").
	BreakWriting Kind = platform.BreakWriting
)

// Faults of time and of the connection.
const (
	// Slow waits for Delay, then answers as ever. Whoever leaves while it waits has not been acted
	// upon. With Acted the platform acts at once and only the answer is late.
	Slow Kind = platform.Slow
	// Late acts after Delay, even if nobody waits for the answer any more.
	Late Kind = platform.Late
	// Drop resets the connection instead of answering.
	Drop Kind = platform.Drop
	// StallHeaders never answers.
	StallHeaders Kind = platform.StallHeaders
	// StallBody acts, sends half of the answer's body and then nothing.
	StallBody Kind = platform.StallBody
	// Truncate acts, announces the whole answer, sends half of it and closes the connection.
	Truncate Kind = platform.Truncate
	// WrongLength acts, and announces and sends half of the answer, as if that were all.
	WrongLength Kind = platform.WrongLength
	// Informational acts, and sends Size answers of status 103 (100 if 0) before the real one.
	Informational Kind = platform.Informational
)

// Answers that are not what they should be.
const (
	// Status answers Status (500 if 0) with a body of the kind Body, and RetryAfter and Location as
	// headers if they are set.
	Status Kind = platform.Status
	// Redirect answers Status (307 if 0) with Location.
	Redirect Kind = platform.Redirect
	// SessionToken answers 400 with the code REQUEST_FAILED.SessionToken.Expired, or Code.
	SessionToken Kind = platform.SessionToken
	// Echo answers Status (400 if 0) with a platform error that quotes the headers and the body
	// received, secrets included.
	Echo Kind = platform.Echo
	// Empty answers Status (200 if 0) without a body.
	Empty Kind = platform.Empty
	// Huge answers Status (200 if 0) with a JSON object of Size bytes (64 MiB if 0); with Acted it
	// is the real answer with padding in front.
	Huge Kind = platform.Huge
	// GzipBomb is Huge, packed: Size counts the unpacked bytes.
	GzipBomb Kind = platform.GzipBomb
	// Gzip acts and packs the answer, whether that was asked for or not.
	Gzip Kind = platform.Gzip
	// WrongTypes acts, and every string in the answer's JSON object becomes a number, an array, or
	// an object.
	WrongTypes Kind = platform.WrongTypes
	// DuplicateKeys acts, and every member of the JSON object is there twice: first with the value
	// "duplicate", then with its own.
	DuplicateKeys Kind = platform.DuplicateKeys
	// InvalidUTF8 acts, and every string in the JSON object ends with bytes that are not UTF-8.
	InvalidUTF8 Kind = platform.InvalidUTF8
	// TrailingGarbage acts, and something follows the answer's JSON.
	TrailingGarbage Kind = platform.TrailingGarbage
)

// Body is what the body of a [Status] fault holds.
type Body = platform.Body

// The bodies.
const (
	BodyFault     Body = platform.BodyFault     // a gateway fault as JSON, with Code or one that fits the status; the default
	BodyNumber    Body = platform.BodyNumber    // the same, the code a number
	BodyUnwrapped Body = platform.BodyUnwrapped // the same without the wrapper "fault"
	BodyXML       Body = platform.BodyXML       // the same as XML
	BodyPlatform  Body = platform.BodyPlatform  // the service's own error, with Code or REQUEST_FAILED.UnexpectedError
	BodyOAuth     Body = platform.BodyOAuth     // an error as RFC 6749 has it, with Code or invalid_request
	BodyHTML      Body = platform.BodyHTML      // a page, as something in between would send it
	BodyEmpty     Body = platform.BodyEmpty     // none
	BodyContent   Body = platform.BodyContent   // Content, literally, of type ContentType
)
