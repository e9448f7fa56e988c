// Package apigolden shows every change of the exported API in review: the golden files hold what
// `go doc -all` prints of the packages that other modules import.
package apigolden

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestExportedAPIChangesOnlyOnPurpose(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, pkg := range []string{"api", "gen", "session", "session/filestore", "session/redisstore", "session/sessiontest", "session/storetest"} {
		t.Run(pkg, func(t *testing.T) {
			cmd := exec.Command("go", "doc", "-all", "./"+pkg)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "PAGER=")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			got, err := cmd.Output()
			if err != nil {
				t.Fatalf("go doc: %v\n%s", err, stderr.String())
			}
			golden := filepath.Join("testdata", strings.ReplaceAll(pkg, "/", "_")+".txt")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the exported API of %s differs from %s: %s\nIf that is meant, run `make api-golden` and say so in CHANGELOG.md.",
					pkg, golden, firstDifference(string(want), string(got)))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return "\nwas: " + a + "\nis:  " + b
		}
	}
	return "only in line ends"
}
