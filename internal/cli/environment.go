package cli

import (
	"fmt"
	"strings"
)

// environmentTopic is the table of the settings with what goes together.
func environmentTopic() string {
	var b strings.Builder
	b.WriteString("Flags override variables; an empty variable is no variable.\n\n")
	for _, v := range allSettings {
		flag := "(no flag: a command line is not private)"
		if v.flag != "" {
			flag = "--" + v.flag + " " + v.value
		}
		fmt.Fprintf(&b, "  %-28s %s\n      %s\n", v.env, flag, v.help)
	}
	b.WriteString(`
Needed are the application's key and secret, and one of:
  * THINGSPACE_CREDENTIALS_FILE, which "password reset" can rewrite;
  * THINGSPACE_USERNAME with THINGSPACE_PASSWORD or THINGSPACE_PASSWORD_FILE;
  * THINGSPACE_USERNAME alone: the password is asked for on a terminal if a login needs it.
Of THINGSPACE_CREDENTIALS_FILE, THINGSPACE_PASSWORD and THINGSPACE_PASSWORD_FILE only one may be
given (a flag wins over the environment): after a password reset the others would be wrong.
THINGSPACE_USERNAME beside a credentials file must name the user in it.

Files with secrets must not be readable by others (chmod 600), except on a read-only mount, as
Kubernetes mounts a Secret. A line end at their end does not count, nor does a byte order mark at
the beginning. A pipe may be given instead of a file: THINGSPACE_PASSWORD_FILE=<(pass show verizon)
works. Values with a space at either end are taken for a mistake and refused: a password that has
one belongs into a credentials file.

The file store is a directory: $XDG_STATE_HOME/thingspace, or ~/.local/state/thingspace (macOS:
~/Library/Application Support/thingspace, Windows: %LocalAppData%\thingspace). It holds one
small record per user: the session and the bearer, encrypted with the application's secret, and
the count of failed logins. Do not put it where something cleans up. The memory store forgets
all that when the command ends: every command then logs in anew, and nobody counts.

A fleet keeps it in a Redis server: THINGSPACE_STORE=rediss://USER@HOST:6379/0 (redis:// without
TLS, unix://USER@/PATH?db=0 for a socket), with the password in THINGSPACE_STORE_PASSWORD, in a file
for THINGSPACE_STORE_PASSWORD_FILE, or in the URL if it is the variable's and not the flag's. A
server that could forget failed logins (no append-only file, eviction of any key, …) is refused;
?accept=RISK in the URL takes a risk that the error names, ?prefix=P keeps fleets apart. --verbose
tells what else there is to know about the server.

HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR work as for any Go program.`)
	return b.String()
}
