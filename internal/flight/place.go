package flight

import (
	"fmt"
	"runtime"
	"strings"
)

// panicked returns the function and line that panicked. Only a deferred function that has just
// recovered may call it.
func panicked() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	inside := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			inside = true
		case inside && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		case !more:
			return "an unknown place"
		}
	}
}
