package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// page is a document of the repository.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheLibraryExampleOfTheReadmeIsAProgram(t *testing.T) {
	_, rest, found := strings.Cut(page(t, "README.md"), "```go\n")
	program, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("the README has no example in Go")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheReadmeNamesEverySetting(t *testing.T) {
	text := page(t, "README.md")
	for _, v := range allSettings {
		if !strings.Contains(text, "| `"+v.env+"` |") {
			t.Errorf("%s is not in the table", v.env)
		}
		if v.flag != "" && !strings.Contains(text, "`--"+v.flag+"`") {
			t.Errorf("--%s is not in the table", v.flag)
		}
	}
}

func TestTheReadmeSaysWhatToDoAboutEveryError(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "session", "errors.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, "README.md")
	n := 0
	for name := range file.Scope.Objects {
		if ast.IsExported(name) && strings.HasPrefix(name, "Err") && name != "Error" {
			n++
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%s is not in the table", name)
			}
		}
	}
	if n < 14 {
		t.Errorf("%d errors found", n)
	}
}
