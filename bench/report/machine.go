package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is what the numbers depend on.
type machine struct {
	cpu, kernel, load, commit string
	peers                     []string // module and version
}

// measured are the modules that are compared.
var measured = []string{
	"golang.org/x/oauth2",
	"github.com/aws/aws-sdk-go-v2",
	"github.com/gophercloud/gophercloud/v2",
	"github.com/openai/openai-go/v3",
}

func describe(ctx context.Context) (machine, error) {
	m := machine{cpu: field("/proc/cpuinfo", "model name"), kernel: line("/proc/sys/kernel/osrelease"), load: line("/proc/loadavg")}
	list, err := output(ctx, "go", append([]string{"list", "-m", "-f", "{{.Path}} {{.Version}}"}, measured...)...)
	if err != nil {
		return m, err
	}
	m.peers = strings.Split(strings.TrimSpace(list), "\n")
	// Outside of a repository there is no commit to tell.
	if commit, err := output(ctx, "git", "describe", "--always", "--dirty"); err == nil {
		m.commit = strings.TrimSpace(commit)
	}
	return m, nil
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

// content is a file's, nothing if it cannot be read: what it tells is for information.
func content(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(b)
}

// line is what a small file holds.
func line(file string) string {
	if s := strings.TrimSpace(content(file)); s != "" {
		return s
	}
	return "unknown"
}

// header is the beginning of the document.
func (m machine) header(s settings) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks

Written by `+"`make -C bench`"+`; do not edit. Package session beside other ways of putting a short-lived token on a request. What the
peers are, how they were made to hold a ThingSpace session, and how to run this again: [bench/README.md](../bench/README.md).

| | |
|---|---|
| date | %s |
| commit | %s |
| processor | %s, %d of them visible |
| system | %s/%s, kernel %s |
| load before | %s |
| Go | %s |
| benchmarks | %d rounds of `+"`go test -run '^$' -bench . -benchtime %s -cpu %s`"+` |
| behaviour | `+"`go test -v -run '^TestTable'`"+` |
`, time.Now().UTC().Format(time.DateOnly), m.commit, m.cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, m.kernel, m.load, runtime.Version(),
		s.rounds, s.benchtime, s.cpu)
	for _, p := range m.peers {
		path, version, _ := strings.Cut(p, " ")
		fmt.Fprintf(&b, "| %s | %s |\n", path, version)
	}
	return b.String()
}
