// Refresh fetches the pinned renderer from npm and writes it, compressed, into the renderer's directory; with -check it
// only compares. With -version it pins another one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	dir := flag.String("dir", "internal/reference/renderer", "`DIR` of the renderer")
	check := flag.Bool("check", false, "compare what is there with the package, and change nothing")
	version := flag.String("version", "", "pin this `VERSION` in place of the one that is pinned")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *dir, *version, *check)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "refresh:", err)
		os.Exit(1)
	}
}
