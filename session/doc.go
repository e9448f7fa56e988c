// Package session holds one Verizon ThingSpace Connectivity Management session, safely, for every
// goroutine, process and host that shares a store.
//
// ThingSpace wants two credentials on every call: an OAuth2 bearer, and a session token in the header
// VZ-M2M-Token that a login with user name and password returns and that dies after twenty idle
// minutes. Five consecutive failed logins lock the account until Verizon support unlocks it; a
// password reset returns, once, a password that the platform made and that is in force already. A
// [Client] gets both tokens when they are first needed, adds them to requests, renews whichever the
// platform refuses, and never spends a login that could lock the account.
//
// # First use
//
//	client, err := session.New(session.Config{
//		Application: session.Application{Key: key, Secret: session.NewSecret(secret)},
//		Credentials: filestore.Credentials("/etc/thingspace/credentials.json"),
//		Store:       filestore.New("/var/lib/thingspace"),
//	})
//	if err != nil { … }
//	defer client.Close()
//	resp, err := client.HTTPClient().Get(session.Production + "/m2m/v1/accounts/0000123456-00001")
//
// # Sharing
//
// What processes must agree on is one small record per account, in a [Store]: the session and the
// bearer, sealed; the failed logins that the platform may have counted; passwords that were refused
// or rotated away, as keyed fingerprints. Everybody who shares the store makes one login together and
// stops together at three of the platform's five strikes. A login is reserved in the record before it
// is sent and given back only on positive evidence that it did not count. Without the store no login
// is sent, while a session in hand goes on working.
//
// # Errors
//
// Every failure is an [*Error] (or a [*RotationError]) and can be told with [errors.Is] through any
// wrapping: see the Err variables for what each means and what to do. [ErrLatched] needs a person:
// change the password, or check it and call [Client.Rearm].
//
// # Rotation
//
// [Client.ResetPassword] needs a [CredentialSaver]. It proves that saving works, then asks the
// platform once, and saves the answer before it tells anybody. While it runs, nobody who shares the
// store logs in; afterwards whoever still holds the old password fails without sending it.
//
// # Security
//
// Tokens go to the scheme, host and port of the base URL only, over TLS (plain http to loopback), and
// redirects are never followed. Secrets do not print, do not marshal, and are not in errors, logs or
// the response's request.
package session
