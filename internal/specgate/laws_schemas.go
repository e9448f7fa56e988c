package specgate

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// secrets are the names of the fields that must never be printed; the value says whether they are sent or received.
var secrets = map[string]string{
	"password": "sent", "oldPassword": "sent", "newPassword": "received", "sessionToken": "received",
}

// illegal characters: the platform refuses a request that contains one, in any field.
const legalCharacters = `^[^'<\\]*$`

func (l *lawbook) schemas(doc *openapi3.T) {
	found := make(map[string]bool)
	for name, ref := range doc.Components.Schemas {
		where, schema := "components.schemas."+name, ref.Value
		l.described(where, schema.Description)
		// Readers ignore members that they do not know, and so must the code that is generated for them.
		if has := schema.AdditionalProperties.Has; has != nil && !*has || schema.AdditionalProperties.Schema != nil {
			l.broken("open-schemas", where, "must not say what else it may contain")
		}
		for field, property := range schema.Properties {
			at := where + "." + field
			l.described(at, property.Value.Description)
			direction, secret := secrets[field]
			if secret {
				found[field] = true
				l.secret(at, schema, field, direction)
			} else if property.Value.Format == "password" {
				l.broken("secrets", at, "is a secret that this law does not know")
			}
			// LogOutRequest is an answer, whatever its name.
			if strings.HasSuffix(name, "Request") && direction != "received" {
				l.sent(at, property.Value)
			}
		}
	}
	for field := range secrets {
		if !found[field] {
			l.broken("secrets", "components.schemas", "no schema has the field %s", field)
		}
	}
}

func (l *lawbook) secret(where string, schema *openapi3.Schema, field, direction string) {
	property := schema.Properties[field].Value
	if property.Format != "password" || !property.Type.Is("string") {
		l.broken("secrets", where, "must be a string with format: password")
	}
	if !slices.Contains(schema.Required, field) {
		l.broken("secrets", where, "must be required")
	}
	if property.WriteOnly != (direction == "sent") {
		l.broken("secrets", where, "writeOnly is for what is sent, and only for that")
	}
	// A reader that validates would throw away the only copy.
	if direction == "received" && (property.MinLength != 0 || property.MaxLength != nil || property.Pattern != "") {
		l.broken("tolerance", where, "what the server sends must not be limited")
	}
}

func (l *lawbook) sent(where string, property *openapi3.Schema) {
	if property.MinLength != 1 || property.Pattern != legalCharacters {
		l.broken("illegal-characters", where, "must have minLength 1 and the pattern %s", legalCharacters)
	}
}

func (l *lawbook) examples(doc *openapi3.T) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			where := "paths." + path + "." + strings.ToLower(method)
			if op.RequestBody != nil {
				l.exampleOf(where+".requestBody", op.RequestBody.Value.Content)
			}
			for status, response := range op.Responses.Map() {
				l.exampleOf(where+".responses."+status, response.Value.Content)
			}
		}
	}
	for name, example := range doc.Components.Examples {
		where := "components.examples." + name
		l.described(where, example.Value.Description)
		if example.Value.Summary == "" {
			l.broken("examples", where, "has no summary")
		}
	}
}

func (l *lawbook) exampleOf(where string, content openapi3.Content) {
	for mediaType, media := range content {
		at := where + "." + mediaType
		values := []any{media.Example}
		if media.Example == nil {
			values = nil
			for _, example := range media.Examples {
				values = append(values, example.Value.Value)
			}
		}
		if len(values) == 0 {
			l.broken("examples", at, "has no example")
		}
		if mediaType == "application/xml" {
			if media.Schema != nil {
				values = append(values, media.Schema.Value.Example)
			}
			for _, value := range values {
				l.faultXML(at, value)
			}
		}
	}
}

// faultXML: no validator looks into XML.
func (l *lawbook) faultXML(where string, value any) {
	var fault struct {
		XMLName     xml.Name `xml:"http://wso2.org/apimanager fault"`
		Code        string   `xml:"http://wso2.org/apimanager code"`
		Message     string   `xml:"http://wso2.org/apimanager message"`
		Description string   `xml:"http://wso2.org/apimanager description"`
	}
	text, _ := value.(string)
	if err := xml.Unmarshal([]byte(text), &fault); err != nil {
		l.broken("fault-xml", where, "is not a fault: %v", err)
	} else if fault.Code == "" || fault.Message == "" || fault.Description == "" {
		l.broken("fault-xml", where, "has no code, message or description")
	}
}
