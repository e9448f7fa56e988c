package proxy

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page for users has every error with its status, every metric, and the limits as they are.
func TestThePageTellsOfEveryErrorAndEveryMetric(t *testing.T) {
	page := readFile(t, "../../docs/proxy.md")
	kinds := regexp.MustCompile(`kind\{"([a-z-]+)", (\d+), "`).FindAllStringSubmatch(readFile(t, "failure.go"), -1)
	if len(kinds) < 20 {
		t.Fatalf("%d kinds of failure found", len(kinds))
	}
	for _, k := range kinds {
		if !strings.Contains(page, "| `"+k[1]+"` | "+k[2]+" |") {
			t.Errorf("no %s with status %s", k[1], k[2])
		}
	}
	if rows := regexp.MustCompile("(?m)^\\| `[a-z][a-z-]*` \\| \\d{3} \\|").FindAllString(page, -1); len(rows) != len(kinds) {
		t.Errorf("%d rows for %d errors", len(rows), len(kinds))
	}
	names := regexp.MustCompile(`(?:counter|desc)\("([a-z_]+)"|Name: "([a-z_]+)"`).FindAllStringSubmatch(readFile(t, "metrics.go"), -1)
	for _, n := range names {
		if name := "`thingspace_" + n[1] + n[2] + "`"; !strings.Contains(page, name) {
			t.Errorf("no %s", name)
		}
	}
	if len(names) < 18 {
		t.Errorf("%d metrics found", len(names))
	}
	for _, limit := range []string{"| 256 (`--max-requests`)", "| 64 KiB |", "| 10 s |", "| 2 min |", "| 30 s (`--idle-timeout`)", "first 1 MiB of"} {
		if !strings.Contains(page, limit) {
			t.Errorf("no %s", limit)
		}
	}
}
