// Write writes the reference page as static files.
package main

import (
	"flag"
	"fmt"
	"os"

	"iot.internal/thingspace/internal/reference"
)

func main() {
	dir := flag.String("o", "site", "`DIR` to write into")
	flag.Parse()
	if err := reference.Site(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
	fmt.Printf("%s/index.html: the reference, for any static server, or to be opened as it is\n", *dir)
}
