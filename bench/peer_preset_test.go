package bench

import (
	"net/http"
	"testing"
)

// preset is the limit: the caller has put both headers on the request himself.
var preset = peer{
	name: "preset",
	hot:  func(_ testing.TB, e env) http.RoundTripper { return e.base },
}
