//go:build unix

package bench

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what the process has used of the processors so far, 0 if that cannot be told.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU adds what an operation has used of the processors since before: unlike the time on the
// clock it does not grow with what else the machine does.
func reportCPU(b *testing.B, before time.Duration) {
	b.Helper()
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}
