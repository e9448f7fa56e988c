package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// table is what a test of behaviour prints, in Markdown, for people and for the report.
type table struct {
	title string
	head  []string
	rows  [][]string
}

func newTable(title string, head ...string) *table { return &table{title: title, head: head} }

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.rows = append(t.rows, row)
}

func (t *table) print(tb testing.TB) {
	tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n| %s |\n|%s\n", t.title, strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	_, _ = fmt.Fprintln(tb.Output(), b.String())
}

// milliseconds, as people compare them.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
