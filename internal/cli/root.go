package cli

import (
	"context"

	"github.com/spf13/cobra"
)

const rootLong = `thingspace holds one session of Verizon's ThingSpace Connectivity Management API for
everything that runs under your user: it logs in once, shares the session and the OAuth2
bearer through a store, renews what the platform says is stale, and never spends the
failed logins that would lock the user.

  thingspace demo                             see it work; no account needed
  thingspace help environment                 how to tell it who you are
  thingspace call /m2m/v1/accounts/0000123456-00001

Nothing secret is ever given as a flag: use variables or files.`

// The groups of commands, as help shows them.
const (
	groupUse     = "use"
	groupAccount = "account"
	groupLearn   = "learn"
)

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "thingspace",
		Short: "One Verizon ThingSpace session, held safely and shared",
		Long:  rootLong,
		// Errors are printed by report, on one line.
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		Version: versionLine(),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log every decision to standard error (no secrets)")
	root.AddGroup(
		&cobra.Group{ID: groupUse, Title: "Use a session:"},
		&cobra.Group{ID: groupAccount, Title: "Look after the account:"},
		&cobra.Group{ID: groupLearn, Title: "Learn and test:"},
	)
	root.AddCommand(
		a.loginCommand(), a.tokenCommand(), a.callCommand(), a.proxyCommand(), a.logoutCommand(),
		a.statusCommand(), a.rearmCommand(), a.passwordCommand(),
		a.demoCommand(), a.simulateCommand(), a.specCommand(), a.versionCommand(),
		topic("environment", "The variables and flags that say who you are", environmentTopic()),
		topic("exit-status", "What the exit statuses mean", exitStatusTopic),
	)
	root.SetHelpCommandGroupID(groupLearn)
	root.SetCompletionCommandGroupID(groupLearn)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion": // by itself it would take an unknown shell for a question
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help": // and this one an unknown topic
			cmd.Run, cmd.RunE = nil, help
		}
	}
	return root
}

// connected is a command that talks to the platform, or to the store about it: it has the flags of
// the settings.
func (a *app) connected(cmd *cobra.Command, f func(ctx context.Context, args []string) error) *cobra.Command {
	a.settings.addFlags(cmd.Flags())
	// The only error is that of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(setStore.flag, cobra.FixedCompletions([]string{"file", "file:", "memory"}, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.settings.flags = cmd.Flags()
		return a.does(f)(cmd, args)
	}
	return cmd
}

// topic is a page of help without a command.
func topic(name, short, text string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Long: text}
}
