package specgate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"iot.internal/thingspace/api"
)

const root = "../.."

// redocly returns nil where Redocly is not installed; in CI it must be.
func redocly(t *testing.T) *Redocly {
	t.Helper()
	r, err := NewRedocly(root)
	if err != nil && (os.Getenv("CI") != "" || !errors.Is(err, ErrNoRedocly)) {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("without the judge Redocly: %v", err)
		return nil
	}
	return r
}

func TestContractPassesWithNoErrorAndNoWarning(t *testing.T) {
	file := filepath.Join(root, "api", "openapi.yaml")
	judge := redocly(t)
	found, err := Check(t.Context(), judge, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range found[file] {
		t.Error(problem)
	}
	if judge == nil && !t.Failed() {
		t.Skip("passed by kin-openapi and the laws alone: Redocly needs `npm ci --prefix api/lint`; in CI this is a failure")
	}
}

// A defect is a mistake that somebody could make in the contract.
type defect struct {
	name string
	edit func(spec string) string
	by   []string // who must find it: a judge, or a judge and its rule
}

// replace replaces the first occurrence of a text.
func replace(old, by string) func(string) string {
	return func(spec string) string { return strings.Replace(spec, old, by, 1) }
}

// cut removes what lies from the first occurrence of from up to the next one of to.
func cut(from, to string) func(string) string {
	return func(spec string) string {
		before, rest, _ := strings.Cut(spec, from)
		_, after, _ := strings.Cut(rest, to)
		return before + to + after
	}
}

var defects = []defect{
	{"missing 4xx", cut("        '400':\n", "        5XX:\n"), by("redocly:operation-4xx-response", "law:responses")},
	{"missing 2xx", cut("        '200':\n", "        '400':\n"), by("redocly:operation-2xx-response", "law:responses")},
	{"undescribed 403", replace("        '403':\n          $ref: '#/components/responses/Forbidden'\n", ""), by("law:responses")},
	{"bad status", replace("        5XX:\n", "        6XX:\n"), by("law:responses")},
	{"429 without Retry-After", replace("        Retry-After:\n", "        X-Retry:\n"), by("law:responses")},
	{"gateway fault in JSON only", cut("        application/xml:\n", "    Forbidden:\n"), by("law:responses")},

	{"operation without security", replace("      security:\n        - oauth: []\n      requestBody:", "      requestBody:"), by("redocly:security-defined", "law:security")},
	{"either token instead of both", replace("        - oauth: []\n          session: []", "        - oauth: []\n        - session: []"), by("law:security")},
	{"session token for the login", replace("        - oauth: []\n      requestBody:", "        - oauth: []\n          session: []\n      requestBody:"), by("law:security")},
	{"one security for everything", replace("\npaths:\n", "\nsecurity:\n  - oauth: []\npaths:\n"), by("law:security")},
	{"undefined security scheme", replace("          session: []", "          token: []"), by("redocly:security-defined", "law:security")},
	{"session token in another header", replace("      name: VZ-M2M-Token", "      name: SessionToken"), by("law:security-schemes")},
	{"session token as a parameter", replace("      summary: End a session\n", "      summary: End a session\n      parameters:\n        - name: VZ-M2M-Token\n          in: header\n          description: The token.\n          schema: {type: string, example: a}\n"), by("law:parameters")},
	{"bad tokenUrl", replace("tokenUrl: https://thingspace.verizon.com/api/ts/v1/oauth2/token", "tokenUrl: '://thingspace'"), by("kin-openapi", "law:security-schemes")},
	{"tokenUrl without TLS", replace("tokenUrl: https:", "tokenUrl: http:"), by("law:security-schemes")},
	{"http server", replace("url: https://mock.", "url: http://mock."), by("redocly:rule/https-servers-only", "law:servers")},
	{"server with a trailing slash", replace("url: https://thingspace.verizon.com/api\n", "url: https://thingspace.verizon.com/api/\n"), by("redocly:no-server-trailing-slash", "law:servers")},
	{"path with a trailing slash", replace("/m2m/v1/session/logout:", "/m2m/v1/session/logout/:"), by("redocly:no-path-trailing-slash", "law:operations")},

	{"duplicate operationId", replace("operationId: endConnectivity", "operationId: startConnectivity"), by("kin-openapi", "redocly:operation-operationId-unique", "law:operations")},
	{"no operationId", replace("      operationId: endConnectivityManagementSession\n", ""), by("redocly:operation-operationId", "law:operations")},
	{"renamed operationId", replace("operationId: endConnectivityManagementSession", "operationId: logOut"), by("law:operations")},
	{"undefined tag", replace("tags: [Session Management]", "tags: [Sessions]"), by("redocly:operation-tag-defined")},
	{"another body", replace("required: true", "required: false"), by("law:request-body")},

	{"response without a description", replace("          description: The session has ended.\n", ""), by("kin-openapi", "redocly:struct")},
	{"schema without a description", replace("      description: What a successful login returns.\n", ""), by("law:description")},
	{"no licence", cut("  license:\n", "externalDocs:\n"), by("redocly:info-license")},

	{"unused component", replace("  schemas:\n", "  schemas:\n    Unused:\n      type: string\n      description: Nobody asks for it.\n"), by("redocly:no-unused-components")},
	{"undefined component", replace("schemas/LogInResult'", "schemas/LogIn'"), by("kin-openapi", "redocly:no-unresolved-refs")},
	{"reference to another document", replace("'#/components/schemas/LogInResult'", "'https://login.invalid/result.yaml'"), by("kin-openapi")},
	{"misspelt keyword", replace("required: [username, password]", "requiredd: [username, password]"), by("kin-openapi", "redocly:struct")},
	{"required field that does not exist", replace("required: [newPassword]", "required: [password]"), by("redocly:no-required-schema-properties-undefined", "law:secrets")},

	{"example of the wrong type", replace("sessionToken: bcce3ea6-fe4f-4952-bacf-eadd80718e83\n", "sessionToken: 42\n"), by("kin-openapi", "redocly:no-invalid-media-type-examples")},
	{"schema example of the wrong type", replace("example: zbeeblebrox", "example: 42"), by("kin-openapi", "redocly:no-invalid-schema-examples")},
	{"example without a required field", replace("              example:\n                newPassword: Wh0a1545a84d\n", "              example: {}\n"), by("kin-openapi", "redocly:no-invalid-media-type-examples")},
	{"body without an example", replace("              example:\n                newPassword: Wh0a1545a84d\n", ""), by("law:examples")},
	{"broken XML in a schema", replace("<am:message>Not\n        Found</am:message>", "<am:message>Not\n        Found"), by("law:fault-xml")},
	{"broken XML example", replace("</am:message><am:description>Access", "<am:description>Access"), by("law:fault-xml")},

	{"secret that may be printed", replace("          format: password\n", ""), by("law:secrets")},
	{"optional secret", replace("      required: [oldPassword]\n", ""), by("law:secrets")},
	{"secret of an unknown name", replace("        username:\n          type: string\n", "        username:\n          type: string\n          format: password\n"), by("law:secrets")},
	{"password that may be in an answer", replace("          writeOnly: true\n", ""), by("law:secrets")},
	{"illegal characters let through", replace("          pattern: ^[^'<\\\\]*$\n", ""), by("law:illegal-characters")},
	{"limit on the new password", replace("          example: Wh0a1545a84d\n", "          maxLength: 12\n          example: Wh0a1545a84d\n"), by("law:tolerance")},
	{"closed schema", replace("      required: [sessionToken]\n", "      required: [sessionToken]\n      additionalProperties: false\n"), by("law:open-schemas")},

	{"another OpenAPI version", replace("openapi: 3.0.3", "openapi: 3.0.4"), by("law:version")},
}

func by(rules ...string) []string { return rules }

// Each defect must be found by every judge and rule that is named for it: a gate that is red for another reason would
// hide that a rule has gone.
func TestGateBites(t *testing.T) {
	judge := redocly(t)
	dir := t.TempDir()
	var files []string
	for i, d := range defects {
		spec := d.edit(api.OpenAPI())
		if spec == api.OpenAPI() {
			t.Fatalf("%s: the edit changes nothing; the contract has moved on", d.name)
		}
		file := filepath.Join(dir, fmt.Sprintf("%02d.yaml", i))
		if err := os.WriteFile(file, []byte(spec), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	found, err := Check(t.Context(), judge, files...)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			problems := found[files[i]]
			for _, rule := range d.by {
				if judge == nil && strings.HasPrefix(rule, "redocly:") {
					t.Logf("not asked: %s needs `npm ci --prefix api/lint`; in CI this is a failure", rule)
					continue
				}
				if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Rule == rule }) {
					t.Errorf("%s does not find it; found: %v", rule, problems)
				}
			}
		})
	}
}

func TestDocumentThatCannotBeReadIsAProblem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, []byte("openapi: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	judge := redocly(t)
	found, err := Check(t.Context(), judge, file)
	if len(found[file]) != 1 || found[file][0].Rule != "kin-openapi" {
		t.Errorf("found %v", found[file])
	}
	// Redocly reports nothing on such a document, which must not be taken for an acquittal.
	if judge != nil && err == nil {
		t.Error("no error, though Redocly could not judge")
	}
}

// A document that lacks something is judged, not stumbled over.
func TestLawsSurviveEveryMissingLine(t *testing.T) {
	lines := strings.SplitAfter(api.OpenAPI(), "\n")
	judged := 0
	for i, line := range lines {
		if key := strings.TrimSpace(line); !strings.HasSuffix(key, ":") && !strings.HasPrefix(key, "$ref:") {
			continue // a text or a value: no structure
		}
		without := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
		doc, err := openapi3.NewLoader().LoadFromData([]byte(without))
		if err != nil {
			continue // no YAML, or a reference to nothing: load says so
		}
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("without line %d (%s): %v", i+1, strings.TrimSpace(line), r)
				}
			}()
			laws(doc)
			judged++
		}()
	}
	if judged < 80 {
		t.Errorf("only %d documents could be judged", judged)
	}
}
