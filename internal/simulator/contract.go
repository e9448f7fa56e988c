package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"iot.internal/thingspace/api"
	"iot.internal/thingspace/internal/platform"
)

// contract validates requests and answers. What it says never holds a value: the validator's own
// errors quote whole objects, passwords included.
type contract struct {
	routes  map[string]*routers.Route // by method and path
	options *openapi3filter.Options

	mu     sync.Mutex
	broken Violations
}

func newContract(p *platform.Platform) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(api.OpenAPI()))
	if err != nil {
		return nil, fmt.Errorf("the embedded contract cannot be read: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the embedded contract is not valid: %w", err)
	}
	registerXML()
	c := &contract{routes: map[string]*routers.Route{}}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			c.routes[method+" "+Base+path] = &routers.Route{
				Spec: doc, Server: &openapi3.Server{URL: Base}, Path: path, PathItem: item, Method: method, Operation: operation,
			}
		}
	}
	c.options = &openapi3filter.Options{
		IncludeResponseStatus:   true,
		KeepValidatedValue:      true,
		AuthenticationFunc:      authentication(p),
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()},
	}
	return c, nil
}

// registerXML teaches the validator, which knows none, to read XML: as a text, since that is how the
// contract describes it, but not without looking.
var registerXML = sync.OnceFunc(func() {
	openapi3filter.RegisterBodyDecoder("application/xml",
		func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			text, err := io.ReadAll(body)
			if err != nil {
				return nil, err
			}
			var fault struct {
				XMLName xml.Name `xml:"http://wso2.org/apimanager fault"`
				Code    string   `xml:"http://wso2.org/apimanager code"`
			}
			if xml.Unmarshal(text, &fault) != nil || fault.Code == "" {
				return nil, errors.New("not a fault of the gateway")
			}
			return string(text), nil
		})
})

var errUnauthorized = errors.New("not authorized")

// authentication asks the platform, which decides what is good.
func authentication(p *platform.Platform) openapi3filter.AuthenticationFunc {
	return func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
		r := in.RequestValidationInput.Request
		switch in.SecuritySchemeName {
		case "oauth":
			if p.AcceptsBearer(r.Header.Get("Authorization")) {
				return nil
			}
		case "session":
			if p.RefusesSession(r.Header.Get(in.SecurityScheme.Name)) == nil {
				return nil
			}
		}
		return errUnauthorized
	}
}

// find returns the route of a request, nil if the contract does not describe it.
func (c *contract) find(r *http.Request) *routers.Route { return c.routes[r.Method+" "+r.URL.Path] }

// validRequest reports whether a request satisfies the contract. Its body can be read afterwards.
func (c *contract) validRequest(r *http.Request, route *routers.Route) (*openapi3filter.RequestValidationInput, bool) {
	in := &openapi3filter.RequestValidationInput{Request: r, Route: route, Options: c.options}
	err := openapi3filter.ValidateRequest(r.Context(), in)
	if err != nil || route.Operation.RequestBody != nil && !oneDocument(r) {
		var unauthorized *openapi3filter.SecurityRequirementsError
		if !errors.As(err, &unauthorized) {
			c.mu.Lock()
			c.broken.Requests++
			c.mu.Unlock()
		}
		return in, false
	}
	return in, true
}

// oneDocument reports that nothing follows the JSON of a body: the validator stops reading after it.
func oneDocument(r *http.Request) bool {
	if r.GetBody == nil {
		return true
	}
	again, err := r.GetBody()
	if err != nil {
		return false
	}
	body, err := io.ReadAll(again)
	return err == nil && (len(body) == 0 || json.Valid(body))
}

// validAnswer says how an answer breaks the contract, "" if it does not.
func (c *contract) validAnswer(ctx context.Context, in *openapi3filter.RequestValidationInput, a platform.Answer) (reason string) {
	err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: a.Status, Header: a.Header,
		Body: io.NopCloser(bytes.NewReader(a.Body)), Options: c.options,
	})
	if err == nil {
		return ""
	}
	c.mu.Lock()
	c.broken.Responses++
	c.mu.Unlock()
	var broken *openapi3filter.ResponseError
	if errors.As(err, &broken) {
		return broken.Reason // of the validator's own words; what it quotes is in Err
	}
	return "the answer cannot be validated"
}

func (c *contract) counts() Violations {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

func (c *contract) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = Violations{}
}
