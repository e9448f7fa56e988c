// Command thingspace holds one Verizon ThingSpace session for people, shell scripts and cron.
package main

import (
	"os"

	"iot.internal/thingspace/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
