package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"iot.internal/thingspace/api"
)

func (a *app) specCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "spec", Short: "Print the OpenAPI contract of the session endpoints", GroupID: groupLearn, Args: noArguments,
		Long: `Print the OpenAPI 3.0.3 document that this program's client is generated from: the three
session endpoints, their errors, and what a schema cannot say.`,
		Example: `  thingspace spec > openapi.yaml
  thingspace spec --json | jq '.paths | keys'`,
		RunE: a.does(func(context.Context, []string) error {
			if !asJSON {
				_, _ = io.WriteString(a.out, api.OpenAPI())
				return nil
			}
			var document any
			if err := yaml.Unmarshal([]byte(api.OpenAPI()), &document); err != nil {
				return err
			}
			return a.out.json(document)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}
