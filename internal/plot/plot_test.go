package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

var chart = Chart{
	Title: "a < b & c", X: "goroutines", Y: "bytes each", LogX: true,
	Series: []Series{
		{"one", []Point{{1, 10}, {10, 20}, {100, 30}}},
		{"two", []Point{{1, 5}, {0, 7}, {100, 0}}}, // 0 has no place on a logarithmic axis
	},
}

func TestAChartIsWellFormedAndShowsEverySeries(t *testing.T) {
	svg := chart.SVG()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a &lt; b &amp; c", ">one<", ">two<", "goroutines", "bytes each"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(svg, "<circle"); n != 5 {
		t.Errorf("%d points, want 5", n)
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("a place that is no number")
	}
}

func TestAxesKeepToWhatTheyShow(t *testing.T) {
	log := chart.axis(true, func(p Point) float64 { return p.X }, 0, 100, false)
	if log.place(1) != 0 || log.place(100) != 100 || math.Abs(log.place(10)-50) > 1e-9 {
		t.Errorf("1, 10 and 100 at %v, %v and %v", log.place(1), log.place(10), log.place(100))
	}
	linear := chart.axis(false, func(p Point) float64 { return p.Y }, 100, 0, true)
	if linear.place(0) != 100 || linear.place(30) != 0 || linear.place(15) != 50 {
		t.Errorf("0, 15 and 30 at %v, %v and %v", linear.place(0), linear.place(15), linear.place(30))
	}
}

func TestNothingAndConstantsAreDrawnToo(t *testing.T) {
	for name, c := range map[string]Chart{
		"nothing": {}, "one": {Series: []Series{{"x", []Point{{3, 3}}}}},
		"constant": {LogX: true, LogY: true, Series: []Series{{"x", []Point{{10, 10}, {100, 10}}}}},
	} {
		if svg := c.SVG(); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%s: a place that is no number", name)
		}
	}
}

func TestNumbersAreShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5: "0.5", 999: "999", 1500: "1.5k", 100_000: "100k", 2e6: "2M", 3e9: "3G", -2000: "-2k"} {
		if got := short(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
