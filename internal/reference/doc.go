// Package reference is the page that "thingspace simulate" serves at "/": the story of a session, and the API's
// reference drawn from the contract by Swagger UI, where a reader can try the calls on the simulator itself.
//
// Nothing on it comes from another host, which its Content-Security-Policy enforces without any unsafe-* word. Swagger
// UI is embedded as its package has it; renderer/renderer.json says which version, and go run ./refresh fetches it. It
// was chosen from five: Redoc 3.0.1 has no console for trying calls in its free edition; Scalar 1.72.1 is 2.6 times as
// large, needs unsafe-inline for styles, and has telemetry, fonts and a proxy of its maker's to be switched off;
// RapiDoc 9.3.8 is half as large but needs unsafe-inline too, and has not been released for over a year; Stoplight
// Elements 9.0.25 is a third larger, needs unsafe-inline, and logs warnings.
package reference
