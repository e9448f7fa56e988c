package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// results are the benchmarks in the order in which they ran.
type results struct {
	tables []*comparison
	byBase map[string]*comparison
}

// comparison is one benchmark: peers down, configurations across.
type comparison struct {
	base    string
	peers   []string
	configs []string
	samples map[sample][]float64
}

type sample struct{ peer, config, unit string }

// The units that benchmarks report here, as benchfmt names them after tidying.
const (
	unitTime   = "sec/op"
	unitCPU    = "cpu-sec/op"
	unitQuiet  = "undisturbed-sec/op"
	unitBytes  = "B/op"
	unitAllocs = "allocs/op"
)

func parse(raw io.Reader) (*results, error) {
	all := &results{byBase: map[string]*comparison{}}
	reader := benchfmt.NewReader(raw, "benchmarks")
	for reader.Scan() {
		r, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue // a unit's description
		}
		all.add(r)
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(all.tables) == 0 {
		return nil, errors.New("no benchmark has run")
	}
	return all, nil
}

func (all *results) add(r *benchfmt.Result) {
	base, parts := r.Name.Parts()
	peer, config, cores := "", []string{}, "1 core"
	for _, part := range parts {
		key, value, _ := strings.Cut(string(part), "=")
		switch {
		case key == "/peer":
			peer = value
		case key == "/headers":
			config = append(config, value+" headers")
		case key == "/proto":
			config = append(config, strings.Replace(value, "http", "HTTP/", 1))
		case strings.HasPrefix(key, "-"):
			cores = key[1:] + " cores"
		default:
			config = append(config, strings.TrimPrefix(string(part), "/"))
		}
	}
	c := all.byBase[string(base)]
	if c == nil {
		c = &comparison{base: string(base), samples: map[sample][]float64{}}
		all.byBase[string(base)] = c
		all.tables = append(all.tables, c)
	}
	column := strings.Join(append(config, cores), ", ")
	if !slices.Contains(c.peers, peer) {
		c.peers = append(c.peers, peer)
	}
	if !slices.Contains(c.configs, column) {
		c.configs = append(c.configs, column)
	}
	for _, v := range r.Values {
		key := sample{peer, column, v.Unit}
		c.samples[key] = append(c.samples[key], v.Value)
	}
}

// titles say what a benchmark is; those that are not named here appear under their own name.
var titles = map[string]string{
	"HotNoop":           "Hot path: what a peer adds to a request, over a transport that answers at once",
	"HotParallel":       "Hot path, from all cores at once (the transport makes a response each time: 1 allocation more)",
	"HotLoopback":       "Hot path, whole requests over a loopback socket, client and server in one process",
	"ReadToken":         "Reading a token that is in hand",
	"ReadTokenParallel": "Reading a token that is in hand, from all cores at once",
}

func (all *results) text() string {
	var b strings.Builder
	b.WriteString(`
Times are medians of the rounds, with the half-width of their 95 % confidence interval where the rounds suffice for one. Processor time is what the
process has used of all cores, the garbage collector's part included: other programs on the machine disturb it less than time on the clock. "Undisturbed" is the fastest
hundred operations in a row of all rounds: without the garbage collector's part, which grows with the bytes, and without other programs.
`)
	for _, c := range all.tables {
		title := titles[c.base]
		if title == "" {
			title = c.base
		}
		fmt.Fprintf(&b, "\n### %s\n", title)
		c.table(&b, "Time, ns", unitTime, 1e9)
		c.table(&b, "Undisturbed, ns", unitQuiet, 1e9)
		c.table(&b, "Processor time, ns", unitCPU, 1e9)
		c.table(&b, "Bytes", unitBytes, 1)
		c.table(&b, "Allocations", unitAllocs, 1)
	}
	return b.String()
}

func (c *comparison) table(b *strings.Builder, what, unit string, scale float64) {
	configs := slices.Clone(c.configs)
	if unit != unitTime {
		// They do not depend on the number of cores, or should not.
		configs = slices.DeleteFunc(configs, func(s string) bool { return !strings.HasSuffix(s, "1 core") })
	}
	if len(c.samples[sample{c.peers[0], c.configs[0], unit}]) == 0 || len(configs) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | %s |\n|---|%s\n", what, strings.Join(configs, " | "), strings.Repeat("---:|", len(configs)))
	for _, peer := range c.peers {
		fmt.Fprintf(b, "| %s |", peer)
		for _, config := range configs {
			values := c.samples[sample{peer, config, unit}]
			if unit == unitQuiet && len(values) > 0 {
				values = []float64{slices.Min(values)}
			}
			fmt.Fprintf(b, " %s |", cell(values, scale))
		}
		b.WriteString("\n")
	}
}

// cell is a median, and how sure it is.
func cell(values []float64, scale float64) string {
	if len(values) == 0 {
		return ""
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
	if s.Lo == s.Hi || s.Lo != s.Lo || s.Hi-s.Lo > 1e300 {
		return number(s.Center * scale)
	}
	return fmt.Sprintf("%s ± %.0f %%", number(s.Center*scale), 50*(s.Hi-s.Lo)/s.Center)
}

// number shows three digits that count, or all before the point.
func number(v float64) string {
	switch {
	case v >= 100 || math.Abs(v-math.Round(v)) < 1e-6:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
