package growth

import (
	"math"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/internal/plot"
)

// whole reports whether everything is to be measured, for the document.
func whole() bool { return os.Getenv("THINGSPACE_GROWTH") != "" }

// sizes are 1, 10, 100 … up to most, or up to a thousand in a test run.
func sizes(most int) []int {
	if !whole() {
		most = min(most, 1000)
	}
	var all []int
	for n := 1; n <= most; n *= 10 {
		all = append(all, n)
	}
	return all
}

// processorTime is what the process has used so far: other processes on the machine do not count.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// held is the memory in use after a collection, stacks of goroutines included.
func held() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// exponent is e where cost grows with n to the power of e, by the upper part of the points, where what
// is constant has lost its weight.
func exponent(total []plot.Point) float64 {
	upper := total[len(total)/2:]
	if len(upper) < 2 {
		upper = total
	}
	var n, sx, sy, sxx, sxy float64
	for _, p := range upper {
		x, y := math.Log(p.X), math.Log(max(p.Y, 1e-9))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// each divides by what it grows with.
func each(total []plot.Point) []plot.Point {
	var points []plot.Point
	for _, p := range total {
		points = append(points, plot.Point{X: p.X, Y: p.Y / p.X})
	}
	return points
}

// tolerance is for what clocks and collections add to 1.
const tolerance = 0.2

// linear fails the test if something grows faster than what it grows with.
func linear(t *testing.T, what string, total []plot.Point) float64 {
	t.Helper()
	e := exponent(total)
	if e > 1+tolerance {
		t.Errorf("%s grows with the power of %.2f", what, e)
	}
	return e
}

func TestTheExponentIsFound(t *testing.T) {
	for want, f := range map[float64]func(float64) float64{
		0: func(float64) float64 { return 7 },
		1: func(x float64) float64 { return 3 * x },
		2: func(x float64) float64 { return x * x / 2 },
	} {
		var points []plot.Point
		for x := 1.0; x < 1e6; x *= 10 {
			points = append(points, plot.Point{X: x, Y: f(x)})
		}
		if got := exponent(points); math.Abs(got-want) > 1e-6 {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
