package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// importers are small programs that use a peer, beside net/http and encoding/json, which a client of a
// JSON API has anyway.
var importers = []struct {
	name    string
	module  string // "" for the standard library alone
	imports string
	body    string
}{
	{name: "nothing"},
	{
		name: "oauth2", module: "golang.org/x/oauth2", imports: `"golang.org/x/oauth2"; "golang.org/x/oauth2/clientcredentials"`,
		body: `show((&http.Client{Transport: &oauth2.Transport{Source: (&clientcredentials.Config{}).TokenSource(context.Background())}}).Get("https://example.invalid"))`,
	},
	{
		name: "aws", module: "github.com/aws/aws-sdk-go-v2", imports: `"github.com/aws/aws-sdk-go-v2/aws"`,
		body: `show(aws.NewCredentialsCache(nil).Retrieve(context.Background()))`,
	},
	{
		name: "gophercloud", module: "github.com/gophercloud/gophercloud/v2", imports: `"github.com/gophercloud/gophercloud/v2"`,
		body: `show((&gophercloud.ProviderClient{}).Request(context.Background(), "GET", "https://example.invalid", &gophercloud.RequestOpts{}))`,
	},
	{
		name: "openai-go", module: "github.com/openai/openai-go/v3", imports: `"github.com/openai/openai-go/v3/auth"`,
		body: `show(auth.NewWorkloadIdentityAuth(auth.WorkloadIdentity{}))`,
	},
	{
		name: "session", module: "iot.internal/thingspace", imports: `"iot.internal/thingspace/session"`,
		body: `c, err := session.New(session.Config{Store: session.NewMemoryStore(), Credentials: session.StaticCredentials("u", "p")})
	show(c, err)
	show(c.HTTPClient().Get(session.Production))
	show(c.ResetPassword(context.Background()))`,
	},
}

const importer = `package main

import ("context"; "encoding/json"; "fmt"; "net/http"; %s)

func show(v ...any) { fmt.Println(v...) }

func main() {
	resp, err := http.Get("https://example.invalid")
	show(context.Background(), resp, err, json.NewDecoder(resp.Body).Decode(new(struct{ Name string })))
	%s
}
`

// What a service gains that imports a peer. The law about our own row is in internal/importcost.
func TestTableImporterCost(t *testing.T) {
	if testing.Short() {
		t.Skip("six builds, a minute of processor time")
	}
	out := newTable("Cost of importing, a stripped linux binary", "peer", "modules in go.mod", "lines in go.sum", "modules in the graph",
		"modules in the binary", "go directive becomes", "binary, kB", "more than nothing, kB")
	var least int64
	for _, i := range importers {
		dir := t.TempDir()
		mod := "module example.com/importer\n\ngo 1.25.0\n"
		if i.module != "" {
			version, local := versionOf(t, i.module)
			mod += fmt.Sprintf("\nrequire %s %s\n", i.module, version)
			if local {
				root, err := filepath.Abs("..")
				if err != nil {
					t.Fatal(err)
				}
				mod += fmt.Sprintf("\nreplace %s => %s\n", i.module, root)
			}
		}
		write(t, filepath.Join(dir, "go.mod"), mod)
		write(t, filepath.Join(dir, "main.go"), fmt.Sprintf(importer, i.imports, i.body))
		run(t, dir, "go", "mod", "tidy")
		run(t, dir, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "importer", ".")
		info, err := os.Stat(filepath.Join(dir, "importer"))
		if err != nil {
			t.Fatal(err)
		}
		if least == 0 {
			least = info.Size()
		}
		sum, _ := os.ReadFile(filepath.Join(dir, "go.sum")) // there is none without modules
		out.add(i.name, strings.Count(read(t, filepath.Join(dir, "go.mod")), " v"), bytes.Count(sum, []byte("\n")),
			strings.Count(run(t, dir, "go", "list", "-m", "all"), "\n")-1,
			strings.Count(run(t, dir, "go", "version", "-m", "importer"), "\tdep\t"),
			strings.TrimSpace(run(t, dir, "go", "list", "-m", "-f", "{{.GoVersion}}")),
			info.Size()/1000, (info.Size()-least)/1000)
	}
	out.print(t)
}

// versionOf is the version of a module that this one uses.
func versionOf(t *testing.T, module string) (version string, local bool) {
	t.Helper()
	version, replaced, _ := strings.Cut(strings.TrimSpace(run(t, ".", "go", "list", "-m", "-f", "{{.Version}} {{with .Replace}}{{.Path}}{{end}}", module)), " ")
	return version, replaced != ""
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
