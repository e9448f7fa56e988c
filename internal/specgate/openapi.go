package specgate

import (
	"context"
	"errors"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// load reads and validates a document. It returns a nil document if there is nothing to look at any further.
func load(ctx context.Context, file string) (*openapi3.T, []Problem) {
	loader := openapi3.NewLoader() // refuses references to other files
	loader.Context = ctx
	doc, err := loader.LoadFromFile(file)
	if err != nil {
		return nil, []Problem{openAPIProblem(err)}
	}
	err = doc.Validate(ctx,
		openapi3.EnableMultiError(),
		openapi3.EnableExamplesValidation(),
		openapi3.EnableSchemaDefaultsValidation(),
		openapi3.EnableSchemaPatternValidation(),
		openapi3.ProhibitExtensionsWithRef())
	return doc, flatten(err)
}

func flatten(err error) []Problem {
	if err == nil {
		return nil
	}
	var several openapi3.MultiError
	if !errors.As(err, &several) {
		return []Problem{openAPIProblem(err)}
	}
	var problems []Problem
	for _, one := range several {
		problems = append(problems, openAPIProblem(one))
	}
	return problems
}

// openAPIProblem drops the copy of the schema and of the value that kin-openapi puts behind the first paragraph.
func openAPIProblem(err error) Problem {
	message, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return Problem{Rule: "kin-openapi", Where: "document", Message: message}
}
