package growth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/machine"
	"iot.internal/thingspace/internal/plot"
)

// document collects what the tests measure, in their order.
type document struct{ sections []section }

var doc document

func (d *document) add(s section) { d.sections = append(d.sections, s) }

type section struct {
	name, file, say string
	x, y            string // what the axes show
	columns         []column
	plots           []string // names of columns
	log             bool
}

// column is one row of totals; each says that it is shown divided by what it grows with.
type column struct {
	name  string
	total []plot.Point
	each  bool
	unit  float64
}

func (c column) points() []plot.Point {
	points := slices.Clone(c.total)
	if c.each {
		points = each(points)
	}
	for i := range points {
		points[i].Y /= c.unit
	}
	return points
}

// TestMain writes the document when everything was measured and THINGSPACE_GROWTH names a directory.
func TestMain(m *testing.M) {
	status := m.Run()
	if dir := os.Getenv("THINGSPACE_GROWTH"); dir != "" && status == 0 {
		if err := doc.write(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

func (d *document) write(dir string) error {
	var b strings.Builder
	b.WriteString("# Growth\n\nWritten by `make growth`; do not edit. How the cost of the client grows with what it is used for. The exponent says how: with 1 the whole " +
		"cost is proportional to the number, and what one costs stays the same; with 0 it does not depend on it; above 1 would be a defect. It is fitted to the upper half of the numbers; " +
		"where clocks and collections are involved, up to a fifth is noise.\n\n")
	b.WriteString(machineTable())
	for _, s := range d.sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| %s |", s.name, s.say, s.x)
		for _, c := range s.columns {
			fmt.Fprintf(&b, " %s |", c.name)
		}
		b.WriteString("\n|--:|" + strings.Repeat("--:|", len(s.columns)) + "\n")
		for _, x := range s.numbers() {
			fmt.Fprintf(&b, "| %.0f |", x)
			for _, c := range s.columns {
				fmt.Fprintf(&b, " %s |", c.at(x))
			}
			b.WriteString("\n")
		}
		b.WriteString("| exponent |")
		for _, c := range s.columns {
			fmt.Fprintf(&b, " %.2f |", exponent(c.total))
		}
		fmt.Fprintf(&b, "\n\n![%s](%s.svg)\n", s.name, s.file)
		if err := os.WriteFile(filepath.Join(dir, s.file+".svg"), []byte(s.chart().SVG()), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "growth.md"), []byte(b.String()), 0o644)
}

func machineTable() string { return machine.Table(context.Background()) }

// numbers are all that any column has a value for.
func (s section) numbers() []float64 {
	var all []float64
	for _, c := range s.columns {
		for _, p := range c.total {
			all = append(all, p.X)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c column) at(x float64) string {
	for _, p := range c.points() {
		if p.X == x {
			if p.Y < 10 && p.Y != float64(int(p.Y)) {
				return fmt.Sprintf("%.1f", p.Y)
			}
			return fmt.Sprintf("%.0f", p.Y)
		}
	}
	return ""
}

func (s section) chart() plot.Chart {
	c := plot.Chart{Title: s.name, X: s.x, LogX: s.log, LogY: s.log, Y: s.y}
	for _, name := range s.plots {
		for _, column := range s.columns {
			if column.name == name {
				c.Series = append(c.Series, plot.Series{Name: name, Points: column.points()})
			}
		}
	}
	return c
}
