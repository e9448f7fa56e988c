// Command gencheck says whether everything that is generated is committed (or staged) as `go generate ./...` makes it.
//
// It generates in a copy of the working tree from which the generated files have been removed, so it changes nothing,
// it does not mind changes elsewhere, and it notices a generated file that is new, and one that nothing generates any
// more. It exits with 1 if anything differs, and with 2 if it could not find out.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	differences, err := check(ctx, ".")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gencheck:", err)
		os.Exit(2)
	}
	if len(differences) == 0 {
		fmt.Println("gencheck: everything generated is committed as it is generated")
		return
	}
	for _, d := range differences {
		fmt.Fprintln(os.Stderr, "gencheck:", d)
	}
	fmt.Fprintln(os.Stderr, "gencheck: run `go generate ./...` and commit what it changes")
	os.Exit(1)
}
