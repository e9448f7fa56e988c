package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// misused makes one line of a command line that cobra did not understand.
func misused(root *cobra.Command, args []string, err error) error {
	text := oneLine(err.Error())
	cmd, rest, found := root.Find(args)
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
	_ = rest
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
