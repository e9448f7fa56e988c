package api_test

import (
	"os"
	"testing"

	"iot.internal/thingspace/api"
)

func TestOpenAPIIsTheFileItself(t *testing.T) {
	want, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if api.OpenAPI() != string(want) || len(want) == 0 {
		t.Error("the embedded contract is not api/openapi.yaml")
	}
}
