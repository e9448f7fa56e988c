package specgate

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// laws are what neither validator can know: what is true of this contract and has to stay true.
func laws(doc *openapi3.T) []Problem {
	var l lawbook
	if doc.Paths == nil || doc.Components == nil {
		l.broken("operations", "document", "has no paths or no components")
		return l.problems
	}
	l.version(doc)
	l.servers(doc)
	l.securitySchemes(doc)
	l.operations(doc)
	l.schemas(doc)
	l.examples(doc)
	return l.problems
}

type lawbook struct{ problems []Problem }

func (l *lawbook) broken(rule, where, format string, args ...any) {
	l.problems = append(l.problems, Problem{Rule: "law:" + rule, Where: where, Message: fmt.Sprintf(format, args...)})
}

func (l *lawbook) described(where, description string) {
	if strings.TrimSpace(description) == "" {
		l.broken("description", where, "has no description")
	}
}

// version: 3.1 buys nothing here, and validating requests by it costs thirteen times as much.
func (l *lawbook) version(doc *openapi3.T) {
	if doc.OpenAPI != "3.0.3" {
		l.broken("version", "openapi", "is %q, not 3.0.3", doc.OpenAPI)
	}
}

// servers: production first, since clients take the first one.
func (l *lawbook) servers(doc *openapi3.T) {
	want := []string{"https://thingspace.verizon.com/api", "https://mock.thingspace.verizon.com/api"}
	var got []string
	for _, s := range doc.Servers {
		got = append(got, s.URL)
		l.described("servers "+s.URL, s.Description)
	}
	if !slices.Equal(got, want) {
		l.broken("servers", "servers", "are %v, not %v", got, want)
	}
}

func (l *lawbook) securitySchemes(doc *openapi3.T) {
	const oauth, session = "components.securitySchemes.oauth", "components.securitySchemes.session"
	schemes := doc.Components.SecuritySchemes
	if got := slices.Sorted(maps.Keys(schemes)); !slices.Equal(got, []string{"oauth", "session"}) {
		l.broken("security-schemes", "components.securitySchemes", "are %v, not oauth and session", got)
		return
	}
	l.described(oauth, schemes["oauth"].Value.Description)
	l.described(session, schemes["session"].Value.Description)

	if s := schemes["session"].Value; s.Type != "apiKey" || s.In != "header" || s.Name != "VZ-M2M-Token" {
		l.broken("security-schemes", session, "is not an apiKey in the header VZ-M2M-Token")
	}
	flows := schemes["oauth"].Value.Flows
	if schemes["oauth"].Value.Type != "oauth2" || flows == nil || flows.ClientCredentials == nil {
		l.broken("security-schemes", oauth, "is not oauth2 with client credentials")
		return
	}
	u, err := url.Parse(flows.ClientCredentials.TokenURL)
	if err != nil || u.Scheme != "https" || u.Host != "thingspace.verizon.com" || u.Path != "/api/ts/v1/oauth2/token" {
		l.broken("security-schemes", oauth, "tokenUrl is not https://thingspace.verizon.com/api/ts/v1/oauth2/token")
	}
}

// operation is what an operation must be.
type operation struct {
	method, path string
	security     []string // the schemes of its one requirement: all of them are needed
	body         string   // the schema of the request body
	bodyRequired bool
	result       string // the schema of the 200
}

var operations = map[string]operation{
	"startConnectivityManagementSession": {
		method: "POST", path: "/m2m/v1/session/login",
		security: []string{"oauth"}, body: "LogInRequest", result: "LogInResult",
	},
	"endConnectivityManagementSession": {
		method: "POST", path: "/m2m/v1/session/logout",
		security: []string{"oauth", "session"}, result: "LogOutRequest",
	},
	"resetConnectivityManagementPassword": {
		method: "PUT", path: "/m2m/v1/session/password/actions/reset",
		security: []string{"oauth", "session"}, body: "SessionResetPasswordRequest", bodyRequired: true, result: "SessionResetPasswordResult",
	},
}

func (l *lawbook) operations(doc *openapi3.T) {
	// An operation without a requirement of its own would silently take this one.
	if len(doc.Security) != 0 {
		l.broken("security", "security", "each operation says for itself what it needs")
	}
	seen := make(map[string]bool)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			where := "paths." + path + "." + strings.ToLower(method)
			want, ok := operations[op.OperationID]
			if !ok || want.method != method || want.path != path || seen[op.OperationID] {
				l.broken("operations", where, "%q is not one of the three operations at its method and path", op.OperationID)
				continue
			}
			seen[op.OperationID] = true
			l.described(where, op.Description)
			l.security(where, op, want)
			l.requestBody(where, op, want)
			l.responses(where, op, want)
			if len(op.Parameters)+len(item.Parameters) != 0 {
				l.broken("parameters", where, "has parameters; the session token is a security scheme")
			}
		}
	}
	for id := range operations {
		if !seen[id] {
			l.broken("operations", "paths", "%s is missing", id)
		}
	}
}

// security: two requirement objects would mean either token, one object with both means both.
func (l *lawbook) security(where string, op *openapi3.Operation, want operation) {
	if op.Security == nil || len(*op.Security) != 1 {
		l.broken("security", where, "must have exactly one requirement object")
		return
	}
	if got := slices.Sorted(maps.Keys((*op.Security)[0])); !slices.Equal(got, want.security) {
		l.broken("security", where, "needs %v, not %v", got, want.security)
	}
}

func (l *lawbook) requestBody(where string, op *openapi3.Operation, want operation) {
	switch {
	case op.RequestBody == nil && want.body == "":
	case op.RequestBody == nil || want.body == "":
		l.broken("request-body", where, "request body: has %t, must have %t", op.RequestBody != nil, want.body != "")
	default:
		body := op.RequestBody.Value
		l.described(where+".requestBody", body.Description)
		if body.Required != want.bodyRequired {
			l.broken("request-body", where, "required is %t, not %t", body.Required, want.bodyRequired)
		}
		l.schemaOf(where+".requestBody", body.Content, want.body)
	}
}

func (l *lawbook) responses(where string, op *openapi3.Operation, want operation) {
	statuses := []string{"200", "400", "401", "403", "429", "5XX"}
	if got := slices.Sorted(maps.Keys(op.Responses.Map())); !slices.Equal(got, statuses) {
		l.broken("responses", where, "has the responses %v, not %v", got, statuses)
		return
	}
	for status, ref := range op.Responses.Map() {
		at := where + ".responses." + status
		response := ref.Value
		if response.Description != nil {
			l.described(at, *response.Description)
		}
		schema := "GatewayFault"
		switch status {
		case "200":
			schema = want.result
		case "400":
			schema = "ConnectivityManagementResult"
		default:
			if response.Content.Get("application/xml") == nil {
				l.broken("responses", at, "the gateway answers in XML too")
			}
		}
		l.schemaOf(at, response.Content, schema)
		if (status == "429") != (response.Headers["Retry-After"] != nil) {
			l.broken("responses", at, "Retry-After belongs to 429, and to nothing else")
		}
		for name, header := range response.Headers {
			l.described(at+".headers."+name, header.Value.Description)
		}
	}
}

func (l *lawbook) schemaOf(where string, content openapi3.Content, schema string) {
	media := content["application/json"]
	if media == nil || media.Schema == nil || media.Schema.Ref != "#/components/schemas/"+schema {
		l.broken("schema", where, "must be %s in application/json", schema)
	}
}
