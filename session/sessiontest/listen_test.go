package sessiontest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

// outcome is what a client can tell of an exchange.
func outcome(t *testing.T, transport http.RoundTripper, req *http.Request, patience time.Duration) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(req.Context(), patience)
	defer cancel()
	resp, err := transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return "timeout"
		}
		return "error"
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	text := string(body)
	if len(text) > 1000 {
		text = fmt.Sprintf("%d bytes", len(text))
	}
	text = mask(text)
	said := fmt.Sprintf("%d %s %q length %d unpacked %t type %q location %q retry %q",
		resp.StatusCode, resp.Status, text, resp.ContentLength, resp.Uncompressed,
		resp.Header.Get("Content-Type"), resp.Header.Get("Location"), resp.Header.Get("Retry-After"))
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		said += " then timeout"
	case errors.Is(err, io.ErrUnexpectedEOF):
		said += " then cut off"
	case err != nil:
		said += " then error"
	}
	return said
}

// mask hides what differs from run to run: the halves of tokens that faults send.
func mask(text string) string {
	if i := strings.Index(text, `sessionToken":"`); i >= 0 && strings.Count(text, `"`) < 4 {
		return text[:i]
	}
	return text
}

// TestBothTransportsTellTheSameStory holds the transport without sockets against net/http's, for
// every fault there is.
func TestBothTransportsTellTheSameStory(t *testing.T) {
	t.Parallel()
	for kind, fault := range allKinds {
		fault.Kind = kind
		fault.Delay /= 10 // this one is real time
		fault.RetryAfter = "7"
		for _, acted := range []bool{false, true} {
			fault.Acted = acted && !unsent(kind)
			t.Run(fmt.Sprintf("%s/%t", kind, acted), func(t *testing.T) {
				t.Parallel()
				c := start(t)
				c.platform.Inject(fault)
				plain := c.platform.Start(t)
				unencrypted := &http.Transport{}
				t.Cleanup(unencrypted.CloseIdleConnections)
				tls, encrypted := c.platform.StartTLS(t)
				results := map[string]string{}
				for name, door := range map[string]struct {
					base      string
					transport http.RoundTripper
				}{
					"none": {c.platform.BaseURL(), c.platform.Transport()},
					"http": {plain, unencrypted},
					"h2":   {tls, encrypted},
				} {
					req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, door.base+"/m2m/v1/devices", strings.NewReader("a body"))
					req.GetBody = nil
					req.Header.Set("Authorization", "Bearer "+c.bearer)
					req.Header.Set("VZ-M2M-Token", c.token)
					req.Header.Set("User-Agent", "test")
					patience := 30 * time.Second
					if kind == sessiontest.StallHeaders || kind == sessiontest.StallBody {
						patience = 100 * time.Millisecond
					}
					results[name] = outcome(t, door.transport, req, patience)
				}
				if kind == sessiontest.Truncate { // HTTP/2 resets the stream instead
					results["h2"] = strings.Replace(results["h2"], "then error", "then cut off", 1)
				}
				if results["none"] != results["http"] || results["none"] != results["h2"] {
					t.Errorf("without socket: %s\n          http: %s\n            h2: %s", results["none"], results["http"], results["h2"])
				}
			})
		}
	}
}
