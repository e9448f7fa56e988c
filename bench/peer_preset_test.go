package bench

import (
	"net/http"
)

// preset is the limit: the caller has put both headers on the request himself.
var preset = peer{
	name: "preset",
	hot:  func(e env) http.RoundTripper { return e.base },
}
