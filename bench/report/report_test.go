package main

import (
	"strings"
	"testing"
)

const raw = `goos: linux
pkg: bench
BenchmarkHotNoop/headers=3/peer=preset         	1000	 10.0 ns/op	 9.0 undisturbed-ns/op	  0 B/op	 0 allocs/op
BenchmarkHotNoop/headers=3/peer=preset-2       	1000	 12.0 ns/op	 9.0 undisturbed-ns/op	  0 B/op	 0 allocs/op
BenchmarkHotNoop/headers=3/peer=session        	1000	400.0 ns/op	300 undisturbed-ns/op	720 B/op	 3 allocs/op
BenchmarkHotNoop/headers=3/peer=session-2      	1000	420.0 ns/op	300 undisturbed-ns/op	720 B/op	 3 allocs/op
BenchmarkHotNoop/headers=3/peer=session        	1000	404.0 ns/op	310 undisturbed-ns/op	720 B/op	 3 allocs/op
BenchmarkHotNoop/headers=3/peer=session-2      	1000	430.0 ns/op	310 undisturbed-ns/op	720 B/op	 3 allocs/op
PASS
`

func TestBenchmarksBecomeOneRowAPeer(t *testing.T) {
	all, err := parse(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	text := all.text()
	for _, want := range []string{
		"| Time, ns | 3 headers, 1 core | 3 headers, 2 cores |",
		"| preset | 10 | 12 |",
		"| session | 402 | 425 |",
		"| Undisturbed, ns | 3 headers, 1 core |\n",
		"| session | 300 |",
		"| session | 720 |",
		"| session | 3 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "| Processor time") {
		t.Error("a table of what was not measured")
	}
}

func TestNoBenchmarkIsAnError(t *testing.T) {
	if _, err := parse(strings.NewReader("PASS\n")); err == nil {
		t.Error("a report without benchmarks is no report")
	}
}

func TestOfATestRunOnlyTablesAreKept(t *testing.T) {
	got := tablesOf("=== RUN   TestTableX\n    ### X\n    \n    | peer | n |\n    |---|---|\n    | session | 1 |\n--- PASS: TestTableX (0.00s)\nPASS\n")
	if want := "\n### X\n\n| peer | n |\n|---|---|\n| session | 1 |\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
