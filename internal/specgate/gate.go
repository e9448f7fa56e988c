// Package specgate decides whether the contract may be merged. Three judges look at it, each for what the others miss:
// kin-openapi (is it valid OpenAPI, and do the examples fit their schemas), Redocly with every rule as an error (style
// and completeness), and the laws of this project (what is particular to the session endpoints).
package specgate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Problem is one reason not to merge.
type Problem struct {
	Rule    string // the judge and, after a colon, its rule
	Where   string // a line and column, or a path into the document
	Message string
}

func (p Problem) String() string { return fmt.Sprintf("%s: %s: %s", p.Where, p.Rule, p.Message) }

// Check puts each file before the judges, and returns what they found by file. A nil redocly leaves that judge out.
// After an error, which means that a judge could not judge, the others have spoken nevertheless.
func Check(ctx context.Context, redocly *Redocly, files ...string) (map[string][]Problem, error) {
	found := make(map[string][]Problem, len(files))
	for _, file := range files {
		doc, problems := load(ctx, file)
		if doc != nil {
			problems = append(problems, laws(doc)...)
		}
		found[file] = problems
	}
	var err error
	if redocly != nil {
		var more map[string][]Problem
		more, err = redocly.lint(ctx, files)
		for file, problems := range more {
			found[file] = append(found[file], problems...)
		}
	}
	for _, problems := range found {
		slices.SortFunc(problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Message, b.Message))
		})
	}
	return found, err
}
