package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// noArguments is cobra.NoArgs without quoting what was given: people put passwords there.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errors.New("it takes no argument")
	}
	return nil
}

// misused makes one line of a command line that cobra did not understand.
func misused(root *cobra.Command, args []string, err error) error {
	text := oneLine(err.Error())
	if flag, _, found := strings.Cut(text, " in -"); found && strings.HasPrefix(text, "unknown shorthand flag") {
		text = flag // the rest may be a password that was meant for a -p
	}
	cmd, _, found := root.Find(args)
	if found != nil || cmd == nil {
		cmd = root
	}
	hint := "see '" + cmd.CommandPath() + " --help'"
	if strings.HasPrefix(text, "unknown command ") {
		if name := firstWord(args); name != "" && cmd == root {
			root.SuggestionsMinimumDistance = 2
			if near := root.SuggestionsFor(name); len(near) > 0 {
				hint = "did you mean '" + root.Name() + " " + near[0] + "'?"
			}
		}
	}
	return usage(hint, "%s", text)
}

func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}
