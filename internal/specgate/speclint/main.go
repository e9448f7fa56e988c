// Command speclint puts an OpenAPI document before the judges of package specgate. It exits with 1 if one of them finds
// anything, and with 2 if one of them could not be asked.
//
// It is run from the root of the module. Where Redocly is not installed it is left out, and that is said; in CI
// (environment variable CI) that is an error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"iot.internal/thingspace/internal/specgate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

func run(ctx context.Context, files []string) int {
	if len(files) == 0 {
		fmt.Fprintln(os.Stderr, "usage: speclint FILE...")
		return 2
	}
	redocly, err := specgate.NewRedocly(".")
	switch {
	case err == nil:
	case errors.Is(err, specgate.ErrNoRedocly) && os.Getenv("CI") == "":
		fmt.Fprintln(os.Stderr, "speclint: left out:", err)
	default:
		fmt.Fprintln(os.Stderr, "speclint:", err)
		return 2
	}
	found, err := specgate.Check(ctx, redocly, files...)
	status := 0
	for _, file := range files {
		for _, problem := range found[file] {
			fmt.Printf("%s: %s\n", file, problem)
			status = 1
		}
		if len(found[file]) == 0 && err == nil {
			fmt.Printf("%s: no error and no warning\n", file)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "speclint:", err)
		return 2
	}
	return status
}
