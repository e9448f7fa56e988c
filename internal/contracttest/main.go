// Command contracttest holds a server against the contract. It generates requests from api/openapi.yaml, as the contract
// allows and as it does not (schemathesis, suite/hooks.py), and walks through lives of sessions (suite/lifecycle.py), and
// fails on a status 5xx, on an undocumented status, on an answer that is not as its schema says, on a request that should have
// been refused, and on credentials that are accepted without being good.
//
// By default it starts "thingspace simulate" and tests that. With -base-url it tests another server, under rules that hold
// whatever the suite does, since everything it sends goes through a relay here:
//
//   - Connections are made to loopback and private addresses only, judged when the connection is made, so no change of DNS
//     passes. A public host must be asked for twice: by CONTRACT_TEST_PUBLIC_HOST with its name, and by
//     CONTRACT_TEST_SENDS_LOGINS=yes.
//   - Plain http goes to loopback only.
//   - No redirect is followed.
//   - What is not a simulator of ours is spared what costs: no login is sent that could be a strike against anybody, and no
//     password reset at all.
//
// Credentials for another server come from the variables of the command: THINGSPACE_APP_KEY, THINGSPACE_APP_SECRET,
// THINGSPACE_USERNAME and THINGSPACE_PASSWORD.
//
// It exits with 1 if the server broke the contract, and with 2 if it could not be asked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("contracttest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "root `directory` of the module")
	base := flags.String("base-url", "", "`URL` of the server to test; none means a simulator that is started")
	fault := flags.String("fault", "", "`JSON` for the control path of that simulator: what goes wrong there, and has to be found")
	limit := flags.Duration("limit", 15*time.Minute, "the run may take no longer")
	var s suite
	flags.IntVar(&s.examples, "examples", 40, "generated requests for each operation, and of each kind")
	flags.IntVar(&s.lives, "lives", 25, "generated lives of sessions; 0 leaves them out")
	flags.BoolVar(&s.shrink, "shrink", true, "look for the simplest case of what fails, which takes longer")
	flags.IntVar(&s.seed, "seed", 1, "of the generator")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	s.root, s.stdout = *root, stdout
	err := func() error {
		if err := s.find(); err != nil {
			return err
		}
		account := accountFrom(env)
		if *base == "" {
			started, err := startSimulator(ctx, *root)
			if err != nil {
				return err
			}
			defer started.stop()
			*base, account = started.base, started.account
		} else if account.incomplete() {
			return errors.New("another server needs THINGSPACE_APP_KEY, THINGSPACE_APP_SECRET, THINGSPACE_USERNAME and THINGSPACE_PASSWORD")
		}
		target, err := newTarget(ctx, *base, permissionFrom(env), net.DefaultResolver)
		if err != nil {
			return err
		}
		if *fault != "" {
			if err := target.injure(ctx, *fault); err != nil {
				return err
			}
		}
		return s.hold(ctx, target, account)
	}()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBroken):
		_, _ = fmt.Fprintln(stderr, "contracttest:", err)
		return 1
	}
	_, _ = fmt.Fprintln(stderr, "contracttest:", err)
	return 2
}
