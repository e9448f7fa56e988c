// Package api holds the contract of the session endpoints of Verizon ThingSpace Connectivity Management.
package api

import _ "embed"

//go:embed openapi.yaml
var openAPI string

// OpenAPI returns the contract, an OpenAPI 3.0.3 document in YAML.
func OpenAPI() string { return openAPI }
