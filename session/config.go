package session

import (
	"log/slog"
	"net/http"
	"time"
)

// Production is Verizon's production base URL, the default of [Config.BaseURL].
const Production = "https://thingspace.verizon.com/api"

// Defaults of the time limits in [Config].
const (
	DefaultCallTimeout  = 30 * time.Second
	DefaultResetTimeout = 2 * time.Minute
)

// Config says which platform, as whom, and with whom the session is shared.
type Config struct {
	// BaseURL is the API's base, "" for [Production]. Plain http is accepted for a loopback host only.
	BaseURL string
	// Application is the OAuth2 key and secret. Applications on one account share its strikes; which
	// passwords were refused or rotated away is known to those with the same secret only.
	Application Application
	// Credentials is where user name and password come from; read again before every login. After a
	// change of the user name the session in hand stays in use until it ends; Login starts the other.
	Credentials CredentialSource
	// Store is required: whoever shares it shares strikes and session. See [NewMemoryStore] and the
	// packages filestore and redisstore.
	Store Store
	// Transport carries every request; nil means a clone of [http.DefaultTransport] that asks silent
	// HTTP/2 connections whether they are alive. It must not retry: a login sent twice is two strikes. Of an [*http.Transport] the OAuth2 and session calls use
	// a copy that speaks HTTP/1.1 alone and keeps no connection. Hooks of net/http/httptrace in the
	// context of a caller's request see its headers, tokens included; those calls hide them.
	Transport http.RoundTripper
	// Logger receives every decision, without secrets; nil means silent.
	Logger *slog.Logger
	// Trace has hooks for every decision; nil means none.
	Trace *Trace
	// SessionExpired reports whether a response says that the session is not valid, for ThingSpace
	// families that do not say it with the SessionToken codes. It is asked about answers of status
	// 400 and above, with at most the first 4 KiB of the body, and must not keep body.
	SessionExpired func(status int, body []byte) bool

	// CallTimeout limits each call of the OAuth2, login and logout endpoints; 0 means
	// [DefaultCallTimeout]. At most two minutes.
	CallTimeout time.Duration
	// ResetTimeout limits a password reset; 0 means [DefaultResetTimeout]. Less than two minutes, or more than ten, is an
	// error: an answer given up is a password lost.
	ResetTimeout time.Duration
	// UserAgent is sent with the OAuth2 and session calls; "" means a default. Requests of the
	// caller keep their own.
	UserAgent string
	// NoProbe switches off the probe that is owed after a login of unknown outcome: then a person
	// must rearm. The probe is our own inference about the platform, see [Client.Rearm].
	NoProbe bool
}
