package main

import (
	"context"
	"slices"
	"strings"
)

// order is that of the document. Tables that are not named here come last.
var order = []string{
	"TestTableAllocations", "TestTableColdStorm", "TestTableExpiryStorm", "TestTableWrongPassword", "TestTableLeaderCancelled",
	"TestTableStaleRefusals", "TestTableLeaks", "TestTablePrinting", "TestTableCommand", "TestTableImporterCost",
}

// behaviour runs the tests that print tables, one at a time, and returns what they print.
func behaviour(ctx context.Context, binary string) (string, error) {
	list, err := output(ctx, binary, "-test.list=^TestTable")
	if err != nil {
		return "", err
	}
	tests := strings.Fields(list)
	slices.SortStableFunc(tests, func(a, b string) int { return rank(a) - rank(b) })
	var said strings.Builder
	for _, test := range tests {
		text, err := output(ctx, binary, "-test.run=^"+test+"$", "-test.v", "-test.timeout=1h")
		if err != nil {
			return "", err
		}
		said.WriteString(text)
	}
	return said.String(), nil
}

func rank(test string) int {
	if i := slices.Index(order, test); i >= 0 {
		return i
	}
	return len(order)
}

// tablesOf keeps of what tests print the tables.
func tablesOf(said string) string {
	var b strings.Builder
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "### "):
			b.WriteString("\n" + line + "\n\n")
		case strings.HasPrefix(line, "|"):
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
