package platform

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// made is the answer of a fault that answers. said is what the platform said, if it acted.
func (p *Platform) made(f *Fault, r *http.Request, said Answer) Answer {
	var a Answer
	switch f.Kind {
	case Status:
		a = f.body(f.status(http.StatusInternalServerError))
	case Redirect:
		a = Answer{Status: f.status(http.StatusTemporaryRedirect), Header: http.Header{}}
	case SessionToken:
		code := f.Code
		if code == "" {
			code = codeTokenExpired
		}
		a = refuse(f.status(http.StatusBadRequest), code)
	case Echo:
		a = echo(r, f.status(http.StatusBadRequest))
	case Empty:
		a = Answer{Status: f.status(http.StatusOK), Header: http.Header{}}
	case Gzip:
		a = packed(said)
	case TrailingGarbage:
		a = said
		a.Body = append(slices.Clone(said.Body), "{\"trailing\":[garbage"...)
	default:
		a = said
		a.Body = distorted(f.Kind, said.Body)
	}
	if f.RetryAfter != "" {
		a.Header.Set("Retry-After", f.RetryAfter)
	}
	if f.Location != "" {
		a.Header.Set("Location", f.Location)
	}
	return a
}

// body is the body of a Status fault.
func (f *Fault) body(status int) Answer {
	code := f.Code
	switch f.Body {
	case BodyPlatform:
		if code == "" {
			code = codeUnexpected
		}
		return refuse(status, code)
	case BodyOAuth:
		if code == "" {
			code = "invalid_request"
		}
		return answerJSON(status, oauthError{code, "The request was refused."})
	case BodyHTML:
		text := http.StatusText(status)
		return Answer{status, http.Header{"Content-Type": {"text/html"}}, []byte(
			"<!DOCTYPE html>\n<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n"), false}
	case BodyEmpty:
		return Answer{Status: status, Header: http.Header{}}
	case BodyContent:
		kind := f.ContentType
		if kind == "" {
			kind = typeJSON
		}
		return Answer{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: []byte(f.Content)}
	}
	if code == "" {
		code = fitting(status)
	}
	form := map[Body]FaultForm{BodyNumber: FaultNumber, BodyUnwrapped: FaultUnwrapped, BodyXML: FaultXML}[f.Body]
	return fault(form, "", status, code)
}

// fitting is the gateway's code for a status.
func fitting(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return faultInvalidBearer
	case status == http.StatusForbidden:
		return faultForbidden
	case status == http.StatusNotFound:
		return "404"
	case status == http.StatusTooManyRequests:
		return faultThrottled
	case status >= 500:
		return faultBackend
	}
	return faultNoResource
}

// echo quotes what was received, as a careless server would.
func echo(r *http.Request, status int) Answer {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		text.WriteString(name + ": " + strings.Join(r.Header[name], ", ") + "; ")
	}
	if _, secret, ok := r.BasicAuth(); ok {
		text.WriteString("basic: " + secret + "; ")
	}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			b, _ := io.ReadAll(body)
			text.Write(b)
		}
	}
	return answerJSON(status, map[string]string{
		"errorCode":         service + codeUnexpected,
		"errorMessage":      text.String(),
		"error":             "invalid_request",
		"error_description": text.String(),
	})
}

func packed(a Answer) Answer {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(a.Body) // into memory: cannot fail
	_ = w.Close()
	a.Header = a.Header.Clone()
	a.Header.Set("Content-Encoding", "gzip")
	a.Body = b.Bytes()
	return a
}

// distorted rewrites the members of a JSON object; what is no object stays as it is.
func distorted(kind Kind, body []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	wrong := []string{"42", `["array"]`, `{"object":true}`, "true"}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(name) // a string: cannot fail
		value := members[name]
		text := len(value) > 1 && value[0] == '"'
		switch {
		case kind == DuplicateKeys:
			b.Write(key)
			b.WriteString(`:"duplicate",`)
		case kind == WrongTypes && text:
			value = json.RawMessage(wrong[i%len(wrong)])
		case kind == WrongTypes:
			value = json.RawMessage(`"a string"`)
		case kind == InvalidUTF8 && text:
			value = append(slices.Clone(value[:len(value)-1]), "\xff\xfe\""...)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteString("}\n")
	return b.Bytes()
}
