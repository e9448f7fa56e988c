package main

// unversioned are findings about the version, which is judged here.
var unversioned = map[string]bool{
	"api-version-not-bumped":       true,
	"api-major-version-not-bumped": true,
	"api-version-decreased":        true,
}

// breaksNames are findings that oasdiff takes for harmless, since the bytes on the wire are the same or fewer. They break
// who generated a client: its functions, types and fields have other names or types, or a documented answer is gone.
var breaksNames = map[string]bool{
	"api-operation-id-removed":              true, // the name of the function
	"api-schema-removed":                    true, // the name of the type
	"api-tag-removed":                       true, // the name of the class in openapi-generator's clients
	"api-security-component-removed":        true,
	"api-security-added":                    true, // another credential, though it may be instead of the old one
	"api-global-security-added":             true,
	"api-security-scope-removed":            true,
	"api-security-anonymous-access-added":   true, // a client that is generated anew sends no credential
	"response-non-success-status-removed":   true, // an answer that programs decide by
	"optional-response-header-removed":      true, // Retry-After
	"response-optional-property-removed":    true,
	"request-body-type-generalized":         true, // a field of another type
	"request-property-type-generalized":     true,
	"request-parameter-type-generalized":    true,
	"response-body-type-specialized":        true,
	"response-property-type-specialized":    true,
	"request-body-type-compatible":          true,
	"request-property-type-compatible":      true,
	"response-body-type-compatible":         true,
	"response-property-type-compatible":     true,
	"response-property-schema-became-false": true,
	// A value that was printed is a secret now, or the other way about: generators leave writeOnly fields out of what they read.
	"request-required-property-became-not-write-only": true,
	"request-optional-property-became-not-write-only": true,
	"request-required-property-became-write-only":     true,
	"request-optional-property-became-write-only":     true,
	"response-required-property-became-read-only":     true,
	"response-optional-property-became-read-only":     true,
	"response-optional-property-became-write-only":    true,
}

// grade sorts findings, and says how much they change together. identical means that the documents are the same but for
// their layout and comments.
func grade(found []finding, differ, identical bool) (c change, breaks, adds []string) {
	for _, f := range found {
		switch {
		case unversioned[f.ID]:
		case f.Level > 1 || breaksNames[f.ID]:
			breaks = append(breaks, f.String())
		default:
			adds = append(adds, f.String())
		}
	}
	switch {
	case len(breaks) != 0:
		return breaking, breaks, adds
	case len(adds) != 0:
		return addition, nil, adds
	case differ:
		return breaking, []string{errNoWords.Error()}, nil
	case !identical:
		return wording, nil, nil
	}
	return unchanged, nil, nil
}
