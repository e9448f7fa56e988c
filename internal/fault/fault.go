// Package fault reads the error bodies that ThingSpace and the gateway before it send.
package fault

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Kind says who wrote an error body.
type Kind int

// The kinds.
const (
	None    Kind = iota // none of the known shapes: empty, HTML, anything else
	M2M                 // the ThingSpace service: {"errorCode", "errorMessage"}
	Gateway             // the API gateway: {"fault": …}, its shape without the wrapper, or XML
	OAuth               // RFC 6749: {"error", "error_description"}
)

// Fault is an error body. Code and Message are the sender's words: a hostile sender may put anything
// there, so Code is given only if it looks like a code, and Message only without control characters.
type Fault struct {
	Kind    Kind
	Code    string // without the service prefix
	Message string // at most 512 bytes, cut between words: half a secret would not be found when it is looked for
}

const longestMessage = 512

// classes begin every code of the ThingSpace service but a few (documented).
var classes = []string{"INPUT_INVALID", "REQUEST_FAILED", "REQUEST_ONHOLD", "REQUEST_CANCELLED"}

// plausible reports whether a code looks like one: a word with dots, or a short number.
func plausible(code string) bool {
	if code == "" || len(code) > 128 {
		return false
	}
	if digits(code) {
		return len(code) <= 9
	}
	for i := range len(code) {
		switch c := code[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// gatewayCode reports whether a code is one of the gateway product's.
func gatewayCode(code string) bool {
	return digits(code) && len(code) == 6 &&
		(strings.HasPrefix(code, "900") || strings.HasPrefix(code, "101") || code == "700700" || code == "303001")
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Parse reads a body, whatever its declared content type: proxies and gateways get those wrong.
func Parse(body []byte) Fault {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return Fault{}
	}
	switch body[0] {
	case '{':
		return parseJSON(body)
	case '<':
		return parseXML(body)
	}
	return Fault{}
}

type gatewayFault struct {
	Code    word `json:"code"`
	Message word `json:"message"`
}

func parseJSON(body []byte) Fault {
	var b struct {
		ErrorCode        word            `json:"errorCode"`
		ErrorMessage     word            `json:"errorMessage"`
		Fault            json.RawMessage `json:"fault"`
		Error            word            `json:"error"`
		ErrorDescription word            `json:"error_description"`
		gatewayFault
	}
	if json.Unmarshal(body, &b) != nil {
		return Fault{}
	}
	var wrapped gatewayFault
	_ = json.Unmarshal(b.Fault, &wrapped) // stays empty if that is no object
	switch {
	case b.ErrorCode != "":
		return made(M2M, withoutService(string(b.ErrorCode)), string(b.ErrorMessage))
	case wrapped.Code != "":
		return made(Gateway, string(wrapped.Code), string(wrapped.Message))
	case gatewayCode(string(b.Code)):
		return made(Gateway, string(b.Code), string(b.Message))
	case b.Error != "":
		return made(OAuth, string(b.Error), string(b.ErrorDescription))
	}
	return Fault{}
}

func made(k Kind, code, message string) Fault {
	if !plausible(code) {
		code = ""
	}
	return Fault{Kind: k, Code: code, Message: short(message)}
}

func short(message string) string {
	message = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, message))
	if len(message) > longestMessage {
		end := strings.LastIndexByte(message[:longestMessage+1], ' ')
		message = strings.TrimSpace(message[:max(end, 0)])
	}
	return message
}

// withoutService drops the name of the service before the code: the same code may come from several,
// and means the same (documented).
func withoutService(code string) string {
	for rest := code; ; {
		segment, after, more := strings.Cut(rest, ".")
		if !more {
			break
		}
		if slices.Contains(classes, segment) {
			return rest
		}
		rest = after
	}
	if service, rest, ok := strings.Cut(code, "."); ok && strings.HasSuffix(service, "Service") {
		return rest
	}
	return code
}

// SessionToken reports a code that says the session token is expired, malformed or missing. The
// three documented ones are treated alike: their recorded meanings look swapped.
func (f Fault) SessionToken() bool {
	return f.Kind == M2M && strings.Contains("."+f.Code+".", ".SessionToken.")
}

// Unexpected reports the documented catch-all, which says nothing about a password.
func (f Fault) Unexpected() bool { return f.Kind == M2M && f.Code == "REQUEST_FAILED.UnexpectedError" }

// NotEvaluated reports that the gateway turned a request away before any service saw it: an
// authentication (9009xx) or throttling (9008xx) fault of the gateway's product.
func (f Fault) NotEvaluated() bool {
	return f.Kind == Gateway && len(f.Code) == 6 && (strings.HasPrefix(f.Code, "9008") || strings.HasPrefix(f.Code, "9009"))
}

// Bearer reports that the gateway refused the OAuth2 bearer.
func (f Fault) Bearer() bool {
	if f.Kind != Gateway {
		return false
	}
	switch f.Code {
	case "900900", "900901", "900902", "900903", "900904", "900905":
		return true
	}
	return false
}

// word is a JSON string, or a number where a string is meant: gateways send codes as both. Anything
// else reads as empty instead of failing the document.
type word string

func (w *word) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*w = word(s)
		return nil
	}
	var n json.Number
	if len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9') && json.Unmarshal(data, &n) == nil {
		*w = word(n.String())
	}
	return nil
}
