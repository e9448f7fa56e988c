package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

type versionReport struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"commitTime,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print version, commit and Go version", GroupID: groupLearn, Args: noArguments,
		RunE: a.does(func(context.Context, []string) error {
			b := readBuild()
			r := versionReport{b.version, b.commit, b.commitTime, b.modified, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if asJSON {
				return a.out.json(r)
			}
			_, _ = fmt.Fprintln(a.out, "thingspace", r.Version)
			if r.Commit != "" {
				state := ""
				if r.Modified {
					state = ", modified"
				}
				_, _ = fmt.Fprintf(a.out, "commit %s (%s%s)\n", r.Commit, r.Time, state)
			}
			_, _ = fmt.Fprintln(a.out, r.Go, r.Platform)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: version, commit, commitTime, modified, go, platform")
	return cmd
}
