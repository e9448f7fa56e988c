// Package plot draws small line charts as SVG: light, without script, style sheet or font of their own,
// so that they look the same in a browser and in a rendered README.
package plot

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Chart is one chart. An axis with Log is logarithmic and shows values above 0 only.
type Chart struct {
	Title      string
	X, Y       string // what the axes show, with the unit
	LogX, LogY bool
	Series     []Series
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
}

// Point is one value.
type Point struct{ X, Y float64 }

const (
	width, height            = 720, 400
	left, right, top, bottom = 78.0, 24.0, 46.0, 56.0
	legendLine               = 18.0
)

// colours can be told apart by those who do not see red or green (Okabe and Ito).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"}

// SVG is the chart as a document.
func (c Chart) SVG() string {
	var b strings.Builder
	x := c.axis(c.LogX, func(p Point) float64 { return p.X }, left, width-right, false)
	y := c.axis(c.LogY, func(p Point) float64 { return p.Y }, height-bottom, top+legendLine*float64((len(c.Series)+1)/2), true)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12" fill="#333">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%.0f" y="24" font-size="15" font-weight="bold">%s</text>`+"\n", left, html.EscapeString(c.Title))
	for _, t := range x.ticks {
		at := x.place(t)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#e5e5e5"/>`, at, y.from, at, y.to)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", at, y.from+18, short(t))
	}
	for _, t := range y.ticks {
		at := y.place(t)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#e5e5e5"/>`, x.from, at, x.to, at)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x.from-8, at+4, short(t))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", (x.from+x.to)/2, height-12, html.EscapeString(c.X))
	fmt.Fprintf(&b, `<text transform="translate(16 %.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (y.from+y.to)/2, html.EscapeString(c.Y))
	for i, s := range c.Series {
		colour := colours[i%len(colours)]
		var path strings.Builder
		for _, p := range s.Points {
			if !x.shows(p.X) || !y.shows(p.Y) {
				continue
			}
			fmt.Fprintf(&path, "%.1f,%.1f ", x.place(p.X), y.place(p.Y))
			if len(s.Points) <= 20 {
				fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`, x.place(p.X), y.place(p.Y), colour)
			}
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(path.String()), colour)
		at := left + float64(i%2)*(width-left-right)/2
		line := top + legendLine*float64(i/2) - 4
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="3"/>`, at, line, at+18, line, colour)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text>`+"\n", at+24, line+4, html.EscapeString(s.Name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axis maps values to places between from and to.
type axis struct {
	log      bool
	low      float64
	high     float64
	from, to float64
	ticks    []float64
}

func (c Chart) axis(log bool, value func(Point) float64, from, to float64, zero bool) axis {
	a := axis{log: log, from: from, to: to, low: math.Inf(1), high: math.Inf(-1)}
	for _, s := range c.Series {
		for _, p := range s.Points {
			if v := value(p); !log || v > 0 {
				a.low, a.high = min(a.low, v), max(a.high, v)
			}
		}
	}
	if a.low > a.high {
		a.low, a.high = 1, 10
	}
	if log {
		a.low, a.high = math.Pow(10, math.Floor(math.Log10(a.low))), math.Pow(10, math.Ceil(math.Log10(a.high)))
		if a.low == a.high {
			a.high *= 10
		}
		for t := a.low; t <= a.high*1.001; t *= 10 {
			a.ticks = append(a.ticks, t)
		}
		return a
	}
	if zero {
		a.low = min(a.low, 0)
	}
	if a.low == a.high {
		a.high++
	}
	step := niceStep((a.high - a.low) / 6)
	a.low, a.high = math.Floor(a.low/step)*step, math.Ceil(a.high/step)*step
	for i := 0.0; a.low+i*step <= a.high+step/2; i++ {
		a.ticks = append(a.ticks, a.low+i*step)
	}
	return a
}

// niceStep is 1, 2 or 5 times a power of ten, not below least.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= least {
			return n * power
		}
	}
	return 10 * power
}

func (a axis) shows(v float64) bool { return !a.log || v > 0 }

func (a axis) place(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// short writes a number as people do: 20k, 1.5M.
func short(v float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.of {
			return strconv.FormatFloat(v/unit.of, 'g', 4, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
