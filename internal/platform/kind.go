package platform

// Kind is what goes wrong.
type Kind string

// Faults before the request is sent. Without a socket they are errors of the transport, with the
// types that net/http's has; a server with a socket can only close the connection.
const (
	// NoSuchHost: the host name cannot be resolved (*net.DNSError).
	NoSuchHost Kind = "no-such-host"
	// ConnectionRefused: nobody listens (*net.OpError of "dial").
	ConnectionRefused Kind = "connection-refused"
	// BadCertificate: the TLS handshake fails, the authority being unknown.
	BadCertificate Kind = "bad-certificate"
	// BreakWriting: the connection stands, and breaks before the request is written (*net.OpError of "write").
	BreakWriting Kind = "break-writing"
)

// Faults of time and of the connection.
const (
	// Slow waits for Delay, then answers as ever. Whoever leaves while it waits has not been acted
	// upon. With Acted the platform acts at once and only the answer is late.
	Slow Kind = "slow"
	// Late acts after Delay, even if nobody waits for the answer any more.
	Late Kind = "late"
	// Drop resets the connection instead of answering.
	Drop Kind = "drop"
	// StallHeaders never answers.
	StallHeaders Kind = "stall-headers"
	// StallBody acts, sends half of the answer's body and then nothing.
	StallBody Kind = "stall-body"
	// Truncate acts, announces the whole answer, sends half of it and closes the connection.
	Truncate Kind = "truncate"
	// WrongLength acts, and announces and sends half of the answer, as if that were all.
	WrongLength Kind = "wrong-length"
	// Informational acts, and sends Size answers of status 103 (100 if 0) before the real one.
	Informational Kind = "informational"
)

// Answers that are not what they should be.
const (
	// Status answers Status (500 if 0) with a body of the kind Body, and RetryAfter and Location as
	// headers if they are set.
	Status Kind = "status"
	// Redirect answers Status (307 if 0) with Location.
	Redirect Kind = "redirect"
	// SessionToken answers 400 with the code REQUEST_FAILED.SessionToken.Expired, or Code.
	SessionToken Kind = "session-token"
	// Echo answers Status (400 if 0) with a platform error that quotes the headers and the body
	// received, secrets included.
	Echo Kind = "echo"
	// Empty answers Status (200 if 0) without a body.
	Empty Kind = "empty"
	// Huge answers Status (200 if 0) with a JSON object of Size bytes (64 MiB if 0); with Acted it
	// is the real answer with padding in front.
	Huge Kind = "huge"
	// GzipBomb is Huge, packed: Size counts the unpacked bytes.
	GzipBomb Kind = "gzip-bomb"
	// Gzip acts and packs the answer, whether that was asked for or not.
	Gzip Kind = "gzip"
	// WrongTypes acts, and every string in the answer's JSON object becomes a number, an array, or
	// an object.
	WrongTypes Kind = "wrong-types"
	// DuplicateKeys acts, and every member of the JSON object is there twice: first with the value
	// "duplicate", then with its own.
	DuplicateKeys Kind = "duplicate-keys"
	// InvalidUTF8 acts, and every string in the JSON object ends with bytes that are not UTF-8.
	InvalidUTF8 Kind = "invalid-utf8"
	// TrailingGarbage acts, and something follows the answer's JSON.
	TrailingGarbage Kind = "trailing-garbage"
)

// kinds tells of each kind whether it acts on the request: always, never, or only with Acted.
var kinds = map[Kind]acting{
	NoSuchHost: actsNever, ConnectionRefused: actsNever, BadCertificate: actsNever, BreakWriting: actsNever,
	Slow: actsAlways, Late: actsAlways, Drop: actsIfAsked, StallHeaders: actsIfAsked, StallBody: actsAlways,
	Truncate: actsAlways, WrongLength: actsAlways, Informational: actsAlways,
	Status: actsIfAsked, Redirect: actsIfAsked, SessionToken: actsIfAsked, Echo: actsIfAsked, Empty: actsIfAsked,
	Huge: actsIfAsked, GzipBomb: actsIfAsked, Gzip: actsAlways,
	WrongTypes: actsAlways, DuplicateKeys: actsAlways, InvalidUTF8: actsAlways, TrailingGarbage: actsAlways,
}

type acting int

const (
	actsNever acting = iota + 1
	actsIfAsked
	actsAlways
)

// Unsent reports a fault that happens before a request is sent.
func (k Kind) Unsent() bool { return kinds[k] == actsNever }

// Body is what the body of a [Status] fault holds.
type Body string

// The bodies.
const (
	BodyFault     Body = "fault"     // a gateway fault as JSON, with Code or one that fits the status; the default
	BodyNumber    Body = "number"    // the same, the code a number
	BodyUnwrapped Body = "unwrapped" // the same without the wrapper "fault"
	BodyXML       Body = "xml"       // the same as XML
	BodyPlatform  Body = "platform"  // the service's own error, with Code or REQUEST_FAILED.UnexpectedError
	BodyOAuth     Body = "oauth"     // an error as RFC 6749 has it, with Code or invalid_request
	BodyHTML      Body = "html"      // a page, as something in between would send it
	BodyEmpty     Body = "empty"     // none
	BodyContent   Body = "content"   // Content, literally, of type ContentType
)
