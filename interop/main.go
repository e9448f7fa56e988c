// Command interop proves that the contract is good for other languages than Go. For each of them it
// generates a client from api/openapi.yaml with the generator that is usual there, compiles a small
// program against it, and has that program talk to "thingspace simulate"; then it asks the simulator
// whether what the program says is true. The code on the page docs/languages.md is run too, once against
// the simulator and once through "thingspace proxy".
//
// It is run from the root of the module: go run ./interop [LANGUAGE...]. A language whose tools are
// missing is left out with a word on what to install; in CI, or if it was asked for by name, that is an
// error. The exit status is 0 if everything that ran was right, 1 if not, 2 for a wrong command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := command(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

type options struct {
	jobs     int
	snippets bool // rewrite the code on the page, and run nothing
	write    bool // rewrite the page's table with the results
}

func command(ctx context.Context, args []string) int {
	var o options
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.IntVar(&o.jobs, "jobs", 2, "how many languages are worked on at a time")
	flags.BoolVar(&o.snippets, "snippets", false, "copy the programs into docs/languages.md, and run nothing")
	flags.BoolVar(&o.write, "write", false, "write the programs and the table of results into docs/languages.md")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(flags.Args())
	if err == nil && o.jobs < 1 {
		err = errors.New("-jobs must be above 0")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 2
	}
	if o.snippets {
		return report(rewrite(pageFile, nil))
	}
	results, err := prove(ctx, chosen, o.jobs, len(flags.Args()) > 0 || os.Getenv("CI") != "")
	if len(results) > 0 {
		fmt.Println()
		fmt.Print(table(results), "\n", seconds(results))
	}
	if err == nil && o.write {
		err = rewrite(pageFile, results)
	}
	return report(err)
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	return 0
}

// choose returns the languages of these names; none means all.
func choose(names []string) ([]language, error) {
	if len(names) == 0 {
		return languages, nil
	}
	var chosen []language
	for _, name := range names {
		at := slices.IndexFunc(languages, func(l language) bool { return l.name == name })
		if at < 0 {
			return nil, fmt.Errorf("no language %q: there are %s", name, strings.Join(languageNames(), ", "))
		}
		chosen = append(chosen, languages[at])
	}
	return chosen, nil
}

func languageNames() []string {
	names := make([]string, 0, len(languages))
	for _, l := range languages {
		names = append(names, l.name)
	}
	return names
}

// prove works on the languages, some at a time, and returns what came out in their order. strict makes
// an error of a missing tool.
func prove(ctx context.Context, chosen []language, jobs int, strict bool) ([]result, error) {
	var able []language
	var failures []error
	for _, l := range chosen {
		err := l.missing()
		switch {
		case err == nil:
			able = append(able, l)
		case strict:
			failures = append(failures, err)
		default:
			fmt.Fprintln(os.Stderr, "interop: left out:", err)
		}
	}
	if len(failures) > 0 || len(able) == 0 {
		return nil, errors.Join(failures...)
	}
	built, err := buildCommand(ctx)
	if err != nil {
		return nil, err
	}
	if err := tryStart(ctx, built); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(able, language.sharesGenerator) {
		if err := fetchGenerator(ctx); err != nil {
			return nil, err
		}
	}
	results := make([]result, len(able))
	var working sync.WaitGroup
	places := make(chan struct{}, jobs)
	for i, l := range able {
		working.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			limited, cancel := context.WithTimeout(ctx, 15*time.Minute)
			defer cancel()
			results[i] = l.prove(limited, built)
		})
	}
	working.Wait()
	for _, r := range results {
		if r.err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", r.language.name, r.err))
		}
	}
	return results, errors.Join(failures...)
}
