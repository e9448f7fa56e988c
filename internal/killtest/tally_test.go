package killtest

import (
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
)

// tally counts where kills fell and how they ended.
type tally struct {
	mu      sync.Mutex
	count   [everywhere][endings]int
	strikes [everywhere]int
	most    int // strikes of one kill
}

func (c *tally) add(p place, e ending, spent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[p][e]++
	c.strikes[p] += spent
	c.most = max(c.most, spent)
}

func (c *tally) at(p place) (n int) {
	for _, of := range c.count[p] {
		n += of
	}
	return n
}

func (c *tally) ended(e ending) (n int) {
	for _, of := range c.count {
		n += of[e]
	}
	return n
}

func (c *tally) total() (n int) {
	for p := range everywhere {
		n += c.at(p)
	}
	return n
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, total int, cell func(ending) int, strikes int) {
		_, _ = fmt.Fprintf(w, "%s\t%d", name, total)
		for e := range endings {
			if n := cell(e); n > 0 {
				_, _ = fmt.Fprintf(w, "\t%d", n)
			} else {
				_, _ = fmt.Fprint(w, "\t-")
			}
		}
		_, _ = fmt.Fprintf(w, "\t%d\t\n", strikes)
	}
	_, _ = fmt.Fprint(w, "the kill fell\tkills")
	for e := range endings {
		_, _ = fmt.Fprintf(w, "\t%s", e)
	}
	_, _ = fmt.Fprint(w, "\tstrikes\t\n")
	strikes := 0
	for p := range everywhere {
		row(p.String(), c.at(p), func(e ending) int { return c.count[p][e] }, c.strikes[p])
		strikes += c.strikes[p]
	}
	row("total", c.total(), c.ended, strikes)
	_ = w.Flush()
	return b.String()
}

// unknown says how many were of unknown outcome at first.
func (c *tally) unknown() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost, old := c.ended(unknownLost), c.ended(unknownOld)
	share := func(n int) float64 { return 100 * float64(n) / float64(max(c.total(), 1)) }
	return fmt.Sprintf("unknown %d of %d (%.1f %%), of which %d (%.1f %%) settled as lost; most strikes for one kill: %d\n",
		lost+old, c.total(), share(lost+old), lost, share(lost), c.most)
}
