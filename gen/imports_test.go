package gen_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// An importer of gen gets no module but this one.
func TestGenImportsTheStandardLibraryAlone(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	self, err := exec.CommandContext(t.Context(), "go", "list", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != string(self) {
		t.Errorf("beside the standard library gen imports:\n%s", out)
	}
}

// A secret in a type that the generator has added is guarded too, and so is every type that holds a raw body.
func TestEveryTypeThatHoldsASecretGuardsItself(t *testing.T) {
	guarded := make(map[string][]string)
	for name, method := range methods(t, "logvalue.go") {
		guarded[name] = method
	}
	for name, fields := range structs(t, "client.gen.go") {
		switch {
		case slices.Contains(fields, "Body []byte"):
			if got := slices.Sorted(slices.Values(guarded[name])); !slices.Equal(got, []string{"Format", "LogValue"}) {
				t.Errorf("%s holds a raw body and has the methods %v, not Format and LogValue", name, got)
			}
			if holders[name] == nil {
				t.Errorf("%s is not in the tests of what is printed", name)
			}
		case slices.ContainsFunc(fields, func(f string) bool { return strings.HasSuffix(f, " Secret") || strings.HasSuffix(f, "*Secret") }):
			if !slices.Contains(guarded[name], "LogValue") {
				t.Errorf("%s holds a secret and has no LogValue", name)
			}
			if holders[name] == nil {
				t.Errorf("%s is not in the tests of what is printed", name)
			}
		}
		delete(guarded, name)
	}
	if left := slices.Sorted(maps.Keys(guarded)); len(left) != 0 {
		t.Errorf("methods of types that are not generated any more: %v", left)
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// structs returns the fields of each struct type in a file, as "Name Type".
func structs(t *testing.T, file string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					found[spec.Name.Name] = append(found[spec.Name.Name], name.Name+" "+typeString(field.Type))
				}
			}
		}
		return false
	})
	return found
}

func typeString(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return "*" + typeString(e.X)
	case *ast.ArrayType:
		return "[]" + typeString(e.Elt)
	default:
		return "other"
	}
}

func methods(t *testing.T, file string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	for _, decl := range parse(t, file).Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
			receiver := typeString(f.Recv.List[0].Type)
			found[receiver] = append(found[receiver], f.Name.Name)
		}
	}
	return found
}
