package faultmatrix

import (
	"fmt"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// evil is where hostile redirects lead; nothing there can be reached, and nothing may be tried.
const evil = "https://evil.example/"

// Faults is everything that an endpoint can do wrong, by name.
func Faults() map[string]sessiontest.Fault {
	f := map[string]sessiontest.Fault{
		"no such host":           {Kind: sessiontest.NoSuchHost},
		"connection refused":     {Kind: sessiontest.ConnectionRefused},
		"bad certificate":        {Kind: sessiontest.BadCertificate},
		"broken while writing":   {Kind: sessiontest.BreakWriting},
		"dropped, not acted":     {Kind: sessiontest.Drop},
		"dropped, acted":         {Kind: sessiontest.Drop, Acted: true},
		"stall in headers":       {Kind: sessiontest.StallHeaders},
		"stall in body":          {Kind: sessiontest.StallBody},
		"truncated":              {Kind: sessiontest.Truncate},
		"wrong length":           {Kind: sessiontest.WrongLength},
		"1xx storm":              {Kind: sessiontest.Informational, Size: 3},
		"huge":                   {Kind: sessiontest.Huge, Size: 4 << 20},
		"gzip bomb":              {Kind: sessiontest.GzipBomb, Size: 4 << 20},
		"gzip":                   {Kind: sessiontest.Gzip},
		"empty 200":              {Kind: sessiontest.Empty},
		"wrong types":            {Kind: sessiontest.WrongTypes},
		"duplicate keys":         {Kind: sessiontest.DuplicateKeys},
		"invalid UTF-8":          {Kind: sessiontest.InvalidUTF8},
		"trailing garbage":       {Kind: sessiontest.TrailingGarbage},
		"echo of what was sent":  {Kind: sessiontest.Echo},
		"slow, acted late":       {Kind: sessiontest.Late, Delay: 45 * time.Second},
		"HTML 200":               {Kind: sessiontest.Status, Status: 200, Body: sessiontest.BodyHTML},
		"XML fault 403":          {Kind: sessiontest.Status, Status: 403, Body: sessiontest.BodyXML},
		"401 fault":              {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyFault},
		"401 number":             {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyNumber},
		"401 unwrapped":          {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyUnwrapped},
		"401 XML":                {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyXML},
		"401 bare":               {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyEmpty},
		"429 with Retry-After":   {Kind: sessiontest.Status, Status: 429, RetryAfter: "7"},
		"429 bare":               {Kind: sessiontest.Status, Status: 429, Body: sessiontest.BodyEmpty},
		"429 absurd Retry-After": {Kind: sessiontest.Status, Status: 429, Body: sessiontest.BodyEmpty, RetryAfter: "999999999"},
		"session token code":     {Kind: sessiontest.SessionToken},
		"unexpected error":       {Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyPlatform},
		"201":                    {Kind: sessiontest.Status, Status: 201, Body: sessiontest.BodyEmpty},
		"204":                    {Kind: sessiontest.Empty, Status: 204},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		f[fmt.Sprint("redirect ", status)] = sessiontest.Fault{Kind: sessiontest.Redirect, Status: status, Location: evil}
	}
	for _, status := range []int{400, 403, 404, 408, 500, 502, 503, 504} {
		f[fmt.Sprint(status, " HTML")] = sessiontest.Fault{Kind: sessiontest.Status, Status: status, Body: sessiontest.BodyHTML}
	}
	return f
}

// Spared are the faults after which a login is known not to have been looked at: it never left, or the
// gateway says that it turned it away. All others that fail may have cost a strike.
var Spared = map[string]bool{
	"no such host": true, "connection refused": true, "bad certificate": true,
	"401 fault": true, "401 number": true, "401 unwrapped": true, "401 XML": true, "XML fault 403": true, "429 with Retry-After": true,
}
