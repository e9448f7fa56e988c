package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"iot.internal/thingspace/api"
)

// tool builds oasdiff once for all tests. It comes through the module proxy, like what go.mod names.
var tool = sync.OnceValues(func() (oasdiff, error) {
	dir, err := os.MkdirTemp("", "specdiff-test")
	if err != nil {
		return oasdiff{}, err
	}
	return installOasdiff(context.Background(), dir)
})

func TestMain(m *testing.M) {
	status := m.Run()
	if o, err := tool(); err == nil {
		_ = os.RemoveAll(o.dir)
	}
	os.Exit(status)
}

func compared(t *testing.T) *oasdiff {
	t.Helper()
	o, err := tool()
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("oasdiff cannot be had here, which is a failure in CI: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &o
}

// node is a place in an OpenAPI document.
type node = map[string]any

// at walks to a place that must exist.
func at(t *testing.T, doc node, path ...string) node {
	t.Helper()
	for _, key := range path {
		next, ok := doc[key].(node)
		if !ok {
			t.Fatalf("the contract has nothing at %v", path)
		}
		doc = next
	}
	return doc
}

// was is the released document: the contract, and an enumeration, which it does not have.
func was(t *testing.T) node {
	t.Helper()
	var doc node
	if err := yaml.Unmarshal([]byte(api.OpenAPI()), &doc); err != nil {
		t.Fatal(err)
	}
	at(t, doc, "info")["version"] = "1.2.3"
	at(t, doc, "components", "schemas", "GatewayFaultDetail", "properties")["kind"] = node{"type": "string", "enum": []any{"a", "b"}}
	at(t, doc, "components", "schemas", "LogInRequest", "properties")["kind"] = node{"type": "string", "enum": []any{"a", "b"}}
	return doc
}

// trial puts a released document, the contract as it is now, and a changelog into a working tree.
func trial(t *testing.T, before, now node, changelog string) tree {
	t.Helper()
	tree := tree{root: t.TempDir(), tool: compared(t)}
	if err := os.MkdirAll(filepath.Join(tree.root, "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	store(t, tree.contract(), before)
	released, err := readDocument(tree.contract())
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.keep(released, nil); err != nil {
		t.Fatal(err)
	}
	store(t, tree.contract(), now)
	if err := os.WriteFile(tree.changelog(), []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	return tree
}

func store(t *testing.T, file string, doc node) {
	t.Helper()
	text, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	login  = "/m2m/v1/session/login"
	logout = "/m2m/v1/session/logout"
	reset  = "/m2m/v1/session/password/actions/reset"

	tellsAll = "# Changelog\n\n## 2.0.0\n\n### Breaking\n\nAll of it.\n\n## 1.3.0\n\nMore.\n\n## 1.2.4\n\nWords.\n\n## 1.2.3\n\nFirst.\n"
)

// seed is something that somebody could do to the contract.
type seed struct {
	name string
	edit func(t *testing.T, doc node)
}

func schema(t *testing.T, doc node, name string) node {
	t.Helper()
	return at(t, doc, "components", "schemas", name)
}

func operation(t *testing.T, doc node, path, method string) node {
	t.Helper()
	return at(t, doc, "paths", path, method)
}

var breakingSeeds = []seed{
	{"removed path", func(t *testing.T, doc node) { delete(at(t, doc, "paths"), logout) }},
	{"removed operation", func(t *testing.T, doc node) {
		at(t, doc, "paths", logout)["put"] = operation(t, doc, logout, "post")
		delete(at(t, doc, "paths", logout), "post")
	}},
	{"renamed path", func(t *testing.T, doc node) {
		at(t, doc, "paths")["/m2m/v2/session/logout"] = at(t, doc, "paths", logout)
		delete(at(t, doc, "paths"), logout)
	}},
	{"renamed operationId", func(t *testing.T, doc node) { operation(t, doc, logout, "post")["operationId"] = "logOut" }},
	{"renamed tag", func(t *testing.T, doc node) { operation(t, doc, logout, "post")["tags"] = []any{"Sessions"} }},
	{"renamed schema", func(t *testing.T, doc node) {
		schemas := at(t, doc, "components", "schemas")
		schemas["LogOutResult"] = schemas["LogOutRequest"]
		delete(schemas, "LogOutRequest")
		at(t, doc, "paths", logout, "post", "responses", "200", "content", "application/json")["schema"] = node{"$ref": "#/components/schemas/LogOutResult"}
	}},
	{"new required property", func(t *testing.T, doc node) {
		s := schema(t, doc, "LogInRequest")
		at(t, s, "properties")["tenant"] = node{"type": "string"}
		s["required"] = append(s["required"].([]any), "tenant")
	}},
	{"optional request property became required", func(t *testing.T, doc node) {
		schema(t, doc, "LogInRequest")["required"] = []any{"username", "password", "kind"}
	}},
	{"removed request property", func(t *testing.T, doc node) { delete(schema(t, doc, "LogInRequest")["properties"].(node), "kind") }},
	{"renamed request property", func(t *testing.T, doc node) {
		s := schema(t, doc, "SessionResetPasswordRequest")
		at(t, s, "properties")["old"] = at(t, s, "properties", "oldPassword")
		delete(at(t, s, "properties"), "oldPassword")
		s["required"] = []any{"old"}
	}},
	{"optional body became required", func(t *testing.T, doc node) { at(t, doc, "paths", login, "post", "requestBody")["required"] = true }},
	{"new required body", func(t *testing.T, doc node) {
		operation(t, doc, logout, "post")["requestBody"] = node{"required": true, "content": node{"application/json": node{"schema": node{"type": "object"}}}}
	}},
	{"new required header", func(t *testing.T, doc node) {
		operation(t, doc, logout, "post")["parameters"] = []any{node{"name": "Reason", "in": "header", "required": true, "schema": node{"type": "string"}}}
	}},
	{"body of another type of media", func(t *testing.T, doc node) {
		content := at(t, doc, "paths", login, "post", "requestBody", "content")
		content["application/x-www-form-urlencoded"] = content["application/json"]
		delete(content, "application/json")
	}},
	{"removed enum value of a request", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "kind")["enum"] = []any{"a"}
	}},
	{"new enum value of a response", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "GatewayFaultDetail"), "properties", "kind")["enum"] = []any{"a", "b", "c"}
	}},
	{"narrowed length", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "password")["maxLength"] = 20
	}},
	{"raised least length", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "password")["minLength"] = 8
	}},
	{"narrowed pattern", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "username")["pattern"] = "^[a-z]*$"
	}},
	{"narrowed type of a request", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "username")["type"] = "integer"
	}},
	{"other type of a response", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInResult"), "properties", "sessionToken")["type"] = "integer"
	}},
	{"a type where there was none", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "GatewayFaultDetail"), "properties", "code")["type"] = "string"
	}},
	{"no type where there was one", func(t *testing.T, doc node) {
		delete(at(t, schema(t, doc, "ConnectivityManagementResult"), "properties", "errorCode"), "type")
	}},
	{"secret that is none any more", func(t *testing.T, doc node) {
		delete(at(t, schema(t, doc, "LogInResult"), "properties", "sessionToken"), "format")
	}},
	{"response property removed", func(t *testing.T, doc node) {
		delete(at(t, schema(t, doc, "ConnectivityManagementResult"), "properties"), "errorCode")
	}},
	{"required response property became optional", func(t *testing.T, doc node) { delete(schema(t, doc, "LogInResult"), "required") }},
	{"response property became nullable", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInResult"), "properties", "sessionToken")["nullable"] = true
	}},
	{"removed success", func(t *testing.T, doc node) {
		responses := at(t, doc, "paths", login, "post", "responses")
		responses["201"] = responses["200"]
		delete(responses, "200")
	}},
	{"removed 401", func(t *testing.T, doc node) { delete(at(t, doc, "paths", login, "post", "responses"), "401") }},
	{"removed 5XX", func(t *testing.T, doc node) { delete(at(t, doc, "paths", login, "post", "responses"), "5XX") }},
	{"removed media type of a response", func(t *testing.T, doc node) {
		delete(at(t, doc, "components", "responses", "Unauthorized", "content"), "application/xml")
	}},
	{"removed response header", func(t *testing.T, doc node) {
		delete(at(t, doc, "components", "responses", "TooManyRequests"), "headers")
	}},
	{"one more credential", func(t *testing.T, doc node) {
		operation(t, doc, login, "post")["security"] = []any{node{"oauth": []any{}, "session": []any{}}}
	}},
	{"either credential instead of both", func(t *testing.T, doc node) {
		operation(t, doc, logout, "post")["security"] = []any{node{"oauth": []any{}}, node{"session": []any{}}}
	}},
	{"no credential", func(t *testing.T, doc node) { operation(t, doc, logout, "post")["security"] = []any{} }},
	{"token in another header", func(t *testing.T, doc node) {
		at(t, doc, "components", "securitySchemes", "session")["name"] = "X-Token"
	}},
	{"token in the query", func(t *testing.T, doc node) { at(t, doc, "components", "securitySchemes", "session")["in"] = "query" }},
	{"another token endpoint", func(t *testing.T, doc node) {
		at(t, doc, "components", "securitySchemes", "oauth", "flows", "clientCredentials")["tokenUrl"] = "https://login.invalid/token"
	}},
	{"a scope that is wanted", func(t *testing.T, doc node) {
		at(t, doc, "components", "securitySchemes", "oauth", "flows", "clientCredentials")["scopes"] = node{"session": "Sessions"}
		operation(t, doc, login, "post")["security"] = []any{node{"oauth": []any{"session"}}}
	}},
	{"another server", func(t *testing.T, doc node) { doc["servers"] = []any{node{"url": "https://login.invalid/api"}} }},
	{"closed schema", func(t *testing.T, doc node) { schema(t, doc, "LogInRequest")["additionalProperties"] = false }},
	{"answer that is not read any more", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "SessionResetPasswordResult"), "properties", "newPassword")["writeOnly"] = true
	}},
}

var additions = []seed{
	{"new operation", func(t *testing.T, doc node) {
		at(t, doc, "paths")["/m2m/v1/session/refresh"] = node{"post": node{"operationId": "refresh", "responses": node{"200": node{"description": "ok"}}}}
	}},
	{"new optional request property", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties")["tenant"] = node{"type": "string"}
	}},
	{"new response property", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInResult"), "properties")["expires"] = node{"type": "string"}
	}},
	{"new enum value of a request", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "kind")["enum"] = []any{"a", "b", "c"}
	}},
	{"wider length", func(t *testing.T, doc node) {
		delete(at(t, schema(t, doc, "LogInRequest"), "properties", "password"), "minLength")
	}},
	{"new optional header", func(t *testing.T, doc node) {
		operation(t, doc, logout, "post")["parameters"] = []any{node{"name": "Reason", "in": "header", "schema": node{"type": "string"}}}
	}},
	{"new response", func(t *testing.T, doc node) {
		at(t, doc, "paths", login, "post", "responses")["409"] = node{"description": "A conflict."}
	}},
	{"new media type of a response", func(t *testing.T, doc node) {
		at(t, doc, "components", "responses", "Unauthorized", "content")["text/plain"] = node{"schema": node{"type": "string"}}
	}},
	{"response property became required", func(t *testing.T, doc node) {
		schema(t, doc, "ConnectivityManagementResult")["required"] = []any{"errorCode"}
	}},
}

var rewordings = []seed{
	{"description of the document", func(t *testing.T, doc node) { at(t, doc, "info")["description"] = "Shorter." }},
	{"description of an operation", func(t *testing.T, doc node) { operation(t, doc, login, "post")["description"] = "Shorter." }},
	{"summary", func(t *testing.T, doc node) { operation(t, doc, login, "post")["summary"] = "Log in" }},
	{"description of a property", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "username")["description"] = "Shorter."
	}},
	{"example", func(t *testing.T, doc node) {
		at(t, schema(t, doc, "LogInRequest"), "properties", "username")["example"] = "tmcmillan"
	}},
	{"link", func(t *testing.T, doc node) { delete(operation(t, doc, login, "post"), "externalDocs") }},
	{"contact", func(t *testing.T, doc node) { at(t, doc, "info", "contact")["name"] = "Others" }},
}

func judged(t *testing.T, s seed, version string) *verdict {
	t.Helper()
	now := was(t)
	s.edit(t, now)
	at(t, now, "info")["version"] = version
	v, err := trial(t, was(t), now, tellsAll).judge(t.Context(), judgeMerge)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// eachSeed judges every seed under a version that is too low for it, and under the right one.
func eachSeed(t *testing.T, seeds []seed, want change, tooLow, right string) {
	t.Helper()
	for _, s := range seeds {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if v := judged(t, s, tooLow); v.change != want || len(v.problems) == 0 {
				t.Errorf("as %s: %v, refused: %q\nbreaks: %q\nadds: %q", tooLow, v.change, v.problems, v.breaks, v.adds)
			}
			if v := judged(t, s, right); len(v.problems) != 0 {
				t.Errorf("as %s, refused: %q", right, v.problems)
			}
		})
	}
}

func TestABreakingChangeNeedsANewMajorVersion(t *testing.T) {
	eachSeed(t, breakingSeeds, breaking, "1.3.0", "2.0.0")
}

func TestAnAdditionNeedsANewMinorVersion(t *testing.T) {
	eachSeed(t, additions, addition, "1.2.4", "1.3.0")
}

func TestARewordingNeedsANewVersion(t *testing.T) {
	eachSeed(t, rewordings, wording, "1.2.3", "1.2.4")
}

func TestTheSameDocumentNeedsNothing(t *testing.T) {
	layout := seed{"", func(*testing.T, node) {}}
	if v := judged(t, layout, "1.2.3"); v.change != unchanged || len(v.problems) != 0 {
		t.Errorf("%v %q", v.change, v.problems)
	}
}

func TestABreakingChangeAmongAdditionsIsFound(t *testing.T) {
	all := seed{"", func(t *testing.T, doc node) {
		t.Helper()
		for _, s := range slices.Concat(additions, breakingSeeds[3:4]) {
			s.edit(t, doc)
		}
	}}
	if v := judged(t, all, "1.3.0"); v.change != breaking || len(v.adds) == 0 || len(v.problems) == 0 {
		t.Errorf("%v %q", v.change, v.problems)
	}
}

func TestEveryFindingThatBreaksNamesIsOneOfOasdiffs(t *testing.T) {
	var known []struct {
		ID string `json:"id"`
	}
	if err := compared(t).run(t.Context(), &known, "checks", "changelog", "--format", "json"); err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for _, k := range known {
		ids[k.ID] = true
	}
	for _, names := range []map[string]bool{breaksNames, unversioned} {
		for id := range names {
			if !ids[id] {
				t.Errorf("oasdiff has no %s", id)
			}
		}
	}
}

func TestTheContractOfThisRepositoryMayBeMerged(t *testing.T) {
	tree := tree{root: "../..", tool: compared(t)}
	v, err := tree.judge(t.Context(), judgeMerge)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.problems) != 0 {
		t.Error(strings.Join(v.problems, "\n"), strings.Join(v.breaks, "\n"))
	}
}
