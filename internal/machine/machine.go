// Package machine says what measurements were made on, for the head of the documents that hold them.
package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Table is the beginning of a table in Markdown: date, commit, processor, system, load and Go. Further
// rows may follow it.
func Table(ctx context.Context) string {
	return fmt.Sprintf(`| | |
|---|---|
| date | %s |
| commit | %s |
| processor | %s, %d of them visible |
| system | %s/%s, kernel %s |
| load before | %s |
| Go | %s |
`, time.Now().UTC().Format(time.DateOnly), commit(ctx), field("/proc/cpuinfo", "model name"), runtime.NumCPU(),
		runtime.GOOS, runtime.GOARCH, line("/proc/sys/kernel/osrelease"), line("/proc/loadavg"), runtime.Version())
}

// commit is what is checked out; outside of a repository there is none to tell.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// field is the first value of a key in a file of lines "key : value".
func field(file, key string) string {
	for l := range strings.Lines(content(file)) {
		if k, v, found := strings.Cut(l, ":"); found && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

// line is what a small file holds.
func line(file string) string {
	if s := strings.TrimSpace(content(file)); s != "" {
		return s
	}
	return "unknown"
}

// content is a file's, nothing if it cannot be read: what it tells is for information.
func content(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(b)
}
