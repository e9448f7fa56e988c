package sessiontest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheMirroredTypesSayTheSame: Fault, Switches, Counters and Entry stand in package platform and,
// for readers of the documentation, again here. The compiler keeps the fields equal; this keeps the
// comments equal.
func TestTheMirroredTypesSayTheSame(t *testing.T) {
	model, mirror := comments(t, filepath.Join("..", "..", "internal", "platform")), comments(t, ".")
	found := 0
	for name, said := range mirror {
		inModel, ok := model[name]
		if !ok {
			continue
		}
		found++
		if inModel != said {
			t.Errorf("%s: the model says %q, the mirror %q", name, inModel, said)
		}
	}
	if found < 100 {
		t.Errorf("only %d fields and constants compared", found)
	}
}

// comments returns what is said of each field and constant.
func comments(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	note := func(owner string, names []*ast.Ident, groups ...*ast.CommentGroup) {
		text := ""
		for _, g := range groups {
			text += strings.TrimSpace(g.Text())
		}
		for _, n := range names {
			if n.IsExported() {
				said[owner+"."+n.Name] = text
			}
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						note(n.Name.Name, f.Names, f.Doc, f.Comment)
					}
				}
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok {
					note(kind.Name, n.Names, n.Doc, n.Comment)
				}
			}
			return true
		})
	}
	return said
}
