// Package simulator serves the platform of package platform over HTTP, through the server that is
// generated from the contract: every request to a session endpoint and every answer is validated
// against it. It is what "thingspace simulate" runs, for people and for tests in any language.
//
// # Control path
//
// Below /_control the simulator is told what to do, in JSON. Durations are strings such as "20m" or
// "1h30m". A request that makes no sense is answered 400 with {"error": "…"} and changes nothing.
//
//	GET    /_control                          this list
//	GET    /_control/state                    clock, users, counters, contract violations, switches and faults
//	GET    /_control/counters                 what has happened so far
//	GET    /_control/journal                  the newest requests, oldest first, without secrets
//	GET    /_control/switches                 what is not known of the real platform, as it is set
//	PATCH  /_control/switches                 change some: {"loginEndsOthers": true, "idleLimit": "1m"}
//	GET    /_control/faults                   what is made to go wrong, with how often it did
//	POST   /_control/faults                   one more: {"on": ["login"], "kind": "drop", "acted": true, "times": 1}
//	DELETE /_control/faults                   none any more
//	DELETE /_control/faults/{id}              one less
//	POST   /_control/clock/advance            let time pass: {"by": "20m"}
//	POST   /_control/sessions/expire          let every session run out now
//	POST   /_control/bearers/expire           let every OAuth2 bearer run out now
//	GET    /_control/users/{name}             strikes, lock and living sessions of a user
//	PUT    /_control/users/{name}/password    set it, as a person would in the portal: {"password": "…"}
//	POST   /_control/users/{name}/lock        as five failed logins do
//	POST   /_control/users/{name}/unlock      as Verizon support does: no lock, no strikes
//	POST   /_control/users/{name}/clear-strikes   as a successful login elsewhere does
//	POST   /_control/reset                    everything as it was at the start
//
// The kinds of faults and the switches are described in package sessiontest, as Kind, Fault and
// Switches; their names in JSON begin with a small letter.
//
// The control path answers only on a loopback address or a unix socket, only to requests for a
// loopback host, and never to a browser page of another origin: whoever reaches it can set passwords.
package simulator
