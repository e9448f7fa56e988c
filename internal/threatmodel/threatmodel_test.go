// Package threatmodel keeps docs/threat-model.md true: every entry has tests and says what remains, and every test it names
// exists. The tests for threats that belong to no single package are here too.
package threatmodel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

var (
	entryStart = regexp.MustCompile(`(?m)^\*\*([A-Z][0-9]+)\. `)
	testName   = regexp.MustCompile("`([a-z][a-z0-9/]*)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	anyTest    = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9_]*`)
)

// entries returns the entries of the page by their number, each up to the next one.
func entries(t *testing.T, page string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	starts := entryStart.FindAllStringSubmatchIndex(page, -1)
	for i, at := range starts {
		end := len(page)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		text, _, _ := strings.Cut(page[at[0]:end], "\n## ")
		number := page[at[2]:at[3]]
		if found[number] != "" {
			t.Errorf("two entries are %s", number)
		}
		found[number] = text
	}
	return found
}

// broken says what an entry lacks.
func broken(text string, exists func(dir, name string) bool) []string {
	var problems []string
	_, rest, ok := strings.Cut(text, "\nTests: ")
	tests, remains, also := strings.Cut(rest, "\nRemains: ")
	if !ok || !also || strings.TrimSpace(remains) == "" {
		problems = append(problems, "it must have a part \"Tests:\", and after it a part \"Remains:\" with what remains")
	}
	if len(testName.FindAllString(tests, -1)) == 0 {
		problems = append(problems, "it names no test")
	}
	for _, named := range testName.FindAllStringSubmatch(text, -1) {
		if !exists(named[1], named[2]) {
			problems = append(problems, "there is no "+named[1]+"."+named[2])
		}
	}
	if bare := anyTest.FindAllString(testName.ReplaceAllString(text, ""), -1); len(bare) != 0 {
		problems = append(problems, "tests are named without their package, or in another way than `package.Test`: "+strings.Join(bare, ", "))
	}
	return problems
}

// testsOf returns the tests and fuzz tests of a directory, whatever system they are for.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

func TestEveryThreatNamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]map[string]bool)
	exists := func(dir, name string) bool {
		if known[dir] == nil {
			known[dir] = testsOf(t, dir)
		}
		return known[dir][name]
	}
	all := entries(t, string(page))
	if len(all) < 20 {
		t.Errorf("only %d entries were understood", len(all))
	}
	for number, text := range all {
		for _, problem := range broken(text, exists) {
			t.Errorf("%s: %s", number, problem)
		}
	}
}

func TestAnEntryThatIsNotProvedIsFound(t *testing.T) {
	exists := func(dir, name string) bool { return dir == "session" && name == "TestA" }
	for text, ok := range map[string]bool{
		"**X1. A.** B.\nTests: `session.TestA`.\nRemains: nothing.\n":                  true,
		"**X1. A.** B.\nTests: `session.TestB`.\nRemains: nothing.\n":                  false,
		"**X1. A.** B.\nTests: `session.TestA`, `session.TestB`.\nRemains: nothing.\n": false,
		"**X1. A.** B.\nTests: `session.TestA`.\nRemains: see `session.TestB`.\n":      false,
		"**X1. A.** B.\nTests: `session.TestA` and TestB.\nRemains: nothing.\n":        false,
		"**X1. A.** B.\nTests: none.\nRemains: nothing.\n":                             false,
		"**X1. A.** B.\nTests: `session.TestA`.\n":                                     false,
		"**X1. A.** B.\nTests: `session.TestA`.\nRemains: \n":                          false,
		"**X1. A.** `session.TestA`.\nRemains: nothing.\n":                             false,
	} {
		if problems := broken(text, exists); (len(problems) == 0) != ok {
			t.Errorf("%q: %q", text, problems)
		}
	}
}
