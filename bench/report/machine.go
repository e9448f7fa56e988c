package main

import (
	"context"
	"fmt"
	"strings"

	"iot.internal/thingspace/internal/machine"
)

// measured are the modules that are compared.
var measured = []string{
	"golang.org/x/oauth2",
	"github.com/aws/aws-sdk-go-v2",
	"github.com/gophercloud/gophercloud/v2",
	"github.com/openai/openai-go/v3",
}

// header is the beginning of the document, with what the numbers depend on.
func header(ctx context.Context, s settings) (string, error) {
	list, err := output(ctx, "go", append([]string{"list", "-m", "-f", "| {{.Path}} | {{.Version}} |"}, measured...)...)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`# Benchmarks

Written by `+"`make bench`"+`; do not edit. Package session beside other ways of putting a short-lived token on a request. What the
peers are, how they were made to hold a ThingSpace session, and how to run this again: [bench/README.md](../bench/README.md).

%s| benchmarks | %d rounds of `+"`go test -run '^$' -bench . -benchtime %s -cpu %s`"+` |
| behaviour | `+"`go test -v -run '^TestTable'`"+` |
%s
`, machine.Table(ctx), s.rounds, s.benchtime, s.cpu, strings.TrimSpace(list)), nil
}
