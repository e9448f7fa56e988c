// Command licences lists what the command is made of besides this repository, and under which licences: docs/licences.md as a
// table, THIRD_PARTY_NOTICES.txt with the texts that must go with the command. It fails if a module has no licence that may
// be used here.
//
// It is run from the root of the module. With -check it writes nothing, and fails if the files are not up to date.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("licences", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "root `directory` of the module")
	check := flags.Bool("check", false, "write nothing")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	files, problems, err := generate(ctx, *root)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "licences:", err)
		return 2
	}
	for name, content := range files {
		file := filepath.Join(*root, name)
		was, err := os.ReadFile(file)
		switch {
		case err == nil && bytes.Equal(was, content):
		case *check:
			problems = append(problems, name+" is not up to date: make licences")
		default:
			if err := os.WriteFile(file, content, 0o644); err != nil { //nolint:gosec // G306: for everybody to read
				_, _ = fmt.Fprintln(stderr, "licences:", err)
				return 2
			}
		}
	}
	for _, problem := range problems {
		_, _ = fmt.Fprintln(stderr, "licences:", problem)
	}
	if len(problems) != 0 {
		return 1
	}
	return 0
}

// generate returns the files by name, and what speaks against them.
func generate(ctx context.Context, root string) (files map[string][]byte, problems []string, err error) {
	shipped, err := shippedParts(ctx, root)
	if err != nil {
		return nil, nil, err
	}
	others, err := otherParts(ctx, root, shipped)
	if err != nil {
		return nil, nil, err
	}
	for _, parts := range [][]part{shipped, others} {
		for i := range parts {
			if problem := parts[i].judge(); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	return map[string][]byte{
		"docs/licences.md":        table(shipped, others),
		"THIRD_PARTY_NOTICES.txt": notices(shipped),
	}, problems, nil
}
