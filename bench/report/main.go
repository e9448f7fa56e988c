// Command report runs the benchmarks and the tables of behaviour of this module and writes them as one
// Markdown document. Run it in the module's directory: go run ./report -o FILE, or make.
//
// The benchmarks run in rounds, each peer once a round: whatever else the machine does falls on all
// of them alike.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
)

type settings struct {
	out, raw  string
	rounds    int
	benchtime string
	cpu       string
}

func main() {
	if err := report(); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report() error {
	var s settings
	flag.StringVar(&s.out, "o", "", "the `file` to write; standard output if empty")
	flag.StringVar(&s.raw, "raw", "", "keep the output of the benchmarks in this `file`, for benchstat")
	flag.IntVar(&s.rounds, "rounds", 10, "how often each benchmark runs")
	flag.StringVar(&s.benchtime, "benchtime", "200ms", "for how long, as in go test")
	flag.StringVar(&s.cpu, "cpu", "1,2", "on how many processors, as in go test")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return write(ctx, s)
}

func write(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "bench.test")
	if _, err := output(ctx, "go", "test", "-c", "-o", binary, "."); err != nil {
		return err
	}
	head, err := header(ctx, s)
	if err != nil {
		return err
	}
	var raw bytes.Buffer
	for i := range s.rounds {
		fmt.Fprintf(os.Stderr, "benchmarks, round %d of %d\n", i+1, s.rounds)
		lines, err := output(ctx, binary, "-test.run=^$", "-test.bench=.", "-test.timeout=1h", "-test.benchtime="+s.benchtime, "-test.cpu="+s.cpu)
		if err != nil {
			return err
		}
		raw.WriteString(lines)
	}
	if s.raw != "" {
		if err := os.WriteFile(s.raw, raw.Bytes(), 0o600); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "tables of behaviour")
	said, err := behaviour(ctx, binary)
	if err != nil {
		return err
	}
	results, err := parse(&raw)
	if err != nil {
		return err
	}
	doc := head + results.text() + tablesOf(said)
	if s.out == "" {
		_, err = os.Stdout.WriteString(doc)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.out), 0o750); err != nil {
		return err
	}
	return os.WriteFile(s.out, []byte(doc), 0o644) //nolint:gosec // a document for everybody
}

// output runs a command and returns what it printed; a failure holds all of it.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // go, git and the binary it has just built
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strconv.Quote(cmd.String()), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}
