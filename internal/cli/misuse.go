package cli

import (
	"errors"
	"slices"
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
	if flag, found := strings.CutPrefix(text, "unknown flag: --"); found && slices.ContainsFunc(allSettings, func(s setting) bool { return s.flag == flag+"-file" }) {
		hint = "what is secret is never a flag: " + seeEnvironment
	}
	if name := firstWord(args); strings.HasPrefix(text, "unknown command ") && cmd == root {
		hint = suggest(root, name, "", hint)
	} else if errors.Is(err, errNoTopic) {
		hint = suggest(root, firstWord(args[1:]), "help ", "see 'thingspace --help'")
	}
	return usage(hint, "%s", text)
}

// suggest names the command that was probably meant, or else the hint.
func suggest(root *cobra.Command, name, before, orElse string) string {
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(name); name != "" && len(near) > 0 {
		return "did you mean '" + root.Name() + " " + before + near[0] + "'?"
	}
	return orElse
}

var errNoTopic = errors.New("unknown help topic")

// help shows the help of the command or topic that args name.
func help(cmd *cobra.Command, args []string) error {
	about, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return errNoTopic
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}

func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}
