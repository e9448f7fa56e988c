//go:build generate

// Package tools says what is generated from what. Nothing imports it.
package tools

//go:generate go tool oapi-codegen -config api/client.cfg.yaml -o gen/client.gen.go api/openapi.yaml
//go:generate go tool oapi-codegen -config api/server.cfg.yaml -o gen/server/server.gen.go api/openapi.yaml
