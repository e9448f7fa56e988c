package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"iot.internal/thingspace/session"
)

const tokenLimit = 4096 // bytes of a refused token on standard input

type tokenReport struct {
	SessionToken string `json:"sessionToken"`
	BearerToken  string `json:"bearerToken"`
}

func (a *app) tokenCommand() *cobra.Command {
	var header, env, asJSON, refused bool
	cmd := a.connected(&cobra.Command{
		Use: "token", Short: "Print the session token, or both headers", GroupID: groupUse, Args: noArguments,
		Long: `Print the token of the session in hand, logging in if there is none. Nothing is sent if the
session and the bearer in the store are fresh.

Whoever sends a token without this program has to say when the platform refuses it: write the
refused one to "thingspace token --refused-stdin", and take the one it prints. Any number of
processes that do so at the same time cause one login.`,
		Example: `  thingspace token --header | curl -H @- https://thingspace.verizon.com/api/m2m/v1/accounts/0000123456-00001
  eval "$(thingspace token --env)"
  printf %s "$THINGSPACE_SESSION_TOKEN" | thingspace token --refused-stdin --env`,
	}, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *opened) error {
			if refused {
				old, err := interruptible(ctx, func() (session.Token, error) { return readToken(a.in) })
				if err != nil {
					return err
				}
				if err := a.withPassword(ctx, s, func() error { _, err := s.Renew(ctx, old); return err }); err != nil {
					return err
				}
			}
			var headers http.Header
			err := a.withPassword(ctx, s, func() (err error) { headers, err = s.Headers(ctx); return err })
			if err != nil {
				return err
			}
			r := tokenReport{
				SessionToken: headers.Get(tokenHeader),
				BearerToken:  strings.TrimPrefix(headers.Get("Authorization"), "Bearer "),
			}
			switch {
			case header:
				_, _ = fmt.Fprintf(a.out, "Authorization: Bearer %s\n%s: %s\n", r.BearerToken, tokenHeader, r.SessionToken)
			case env:
				_, _ = fmt.Fprintf(a.out, "export THINGSPACE_BEARER_TOKEN=%s\nexport THINGSPACE_SESSION_TOKEN=%s\n",
					shellQuote(r.BearerToken), shellQuote(r.SessionToken))
			case asJSON:
				return a.out.json(r)
			default:
				_, _ = fmt.Fprintln(a.out, r.SessionToken)
			}
			return nil
		})
	})
	cmd.Flags().BoolVar(&header, "header", false, "print both header lines, as curl -H @- reads them")
	cmd.Flags().BoolVar(&env, "env", false, "print shell exports of THINGSPACE_BEARER_TOKEN and THINGSPACE_SESSION_TOKEN")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: sessionToken and bearerToken")
	cmd.Flags().BoolVar(&refused, "refused-stdin", false, "read a session token that the platform refused from standard input, and replace it")
	cmd.MarkFlagsMutuallyExclusive("header", "env", "json")
	return cmd
}

// tokenHeader is the session token's header, as the vendor spells it.
const tokenHeader = "VZ-M2M-Token"

// readToken reads the first line.
func readToken(r io.Reader) (session.Token, error) {
	line, err := bufio.NewReader(io.LimitReader(r, tokenLimit+1)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return session.Token{}, usage("nothing was sent", "standard input: %v", err)
	}
	token := strings.TrimSpace(line)
	if token == "" || len(line) > tokenLimit || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return session.Token{}, usage("nothing was sent", "standard input holds no session token")
	}
	return session.NewToken(token), nil
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
