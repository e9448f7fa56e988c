// Package gen is the raw client, generated from api/openapi.yaml.
//
// It adds no credentials by itself: give it a [RequestEditorFn] that sets the headers Authorization (all three calls) and
// VZ-M2M-Token (logout and reset). It reads answers of any size, follows redirects if its [HttpRequestDoer] does, and
// knows neither expiry nor lockout; package session is the client that does.
package gen
