// Command specdiff keeps the contract's promise to those who generated a client from it: nothing that breaks them comes
// without being told. It compares api/openapi.yaml with the contract that was released last, which lies below
// api/released, and fails unless info.version and CHANGELOG.md say what has changed.
//
//	specdiff            judge; exits with 1 if the contract may not be merged as it is, with 2 if it could not be judged
//	specdiff release    write the contract to api/released under its version, after judging it
//
// It is run from the root of the module. Rules that hold:
//
//   - A released document never changes: whatever differs from it, be it a word, has another version.
//   - A version says how much has changed, as semantic versioning has it: a breaking change raises the first number, an
//     addition the second, a mere rewording the third. While the first number is 0, they raise the second, the third and the third.
//   - CHANGELOG.md has a section for the version ("## 1.2.0"), which has a part "### Breaking" if something breaks.
//
// What is breaking is what oasdiff calls an error or a warning, and what changes the names that generated code has. A
// difference that oasdiff sees and has no word for counts as breaking: a gate that does not know does not open.
//
// The released documents are in the repository, not in tags, so that the comparison needs no history and can be read;
// api/released/SHA256SUMS notices an edit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("specdiff", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "root `directory` of the module")
	again := flags.Bool("again", false, "with release: replace a snapshot of this version that nobody has yet")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	tree := tree{root: *root}
	var verdict *verdict
	var err error
	switch flags.Arg(0) {
	case "":
		verdict, err = tree.judge(ctx, judgeMerge)
	case "release":
		verdict, err = tree.release(ctx, *again)
	default:
		err = fmt.Errorf("%q is no command of it", flags.Arg(0))
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "specdiff:", err)
		if errors.Is(err, errReleased) {
			return 1
		}
		return 2
	}
	verdict.print(stdout)
	if len(verdict.problems) != 0 {
		return 1
	}
	return 0
}
