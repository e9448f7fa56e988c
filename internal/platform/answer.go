package platform

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// Answer is a whole answer of the platform.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	// Switched says that a switch made the answer one that the contract may not describe.
	Switched bool
}

// send sends the answer.
func (a Answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// code is the error code in an answer, "" if there is none; for the journal.
func (a Answer) code() string {
	if a.Status < 400 {
		return ""
	}
	var b struct {
		ErrorCode string `json:"errorCode"`
		Error     string `json:"error"`
		Fault     struct {
			Code json.RawMessage `json:"code"`
		} `json:"fault"`
		Code json.RawMessage `json:"code"`
	}
	if json.Unmarshal(a.Body, &b) != nil {
		return ""
	}
	for _, code := range []string{b.ErrorCode, b.Error, strings.Trim(string(b.Fault.Code), `"`), strings.Trim(string(b.Code), `"`)} {
		if code != "" {
			return code
		}
	}
	return ""
}

const (
	typeJSON = "application/json"
	typeXML  = "application/xml"
)

func answerJSON(status int, body any) Answer {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // of our own types, into memory: cannot fail
	return Answer{Status: status, Header: http.Header{"Content-Type": {typeJSON}}, Body: b.Bytes()}
}

// platformError is the body of the service's own errors.
type platformError struct {
	Code    string `json:"errorCode"`
	Message string `json:"errorMessage"`
}

func refuse(status int, code string) Answer {
	message := messages[code]
	if message == "" {
		message = "The request was refused."
	}
	return answerJSON(status, platformError{service + code, message})
}

func badRequest(code string) Answer { return refuse(http.StatusBadRequest, code) }

// gatewayFault is the body of the gateway's errors. Code is a string or a number.
type gatewayFault struct {
	Code        any    `json:"code"`
	Type        string `json:"type,omitempty"`
	Message     string `json:"message"`
	Description string `json:"description"`
}

// fault writes an error of the gateway in the form that the switch asks for.
func fault(form FaultForm, accept string, status int, code string) Answer {
	text := faultTexts[code]
	if text.message == "" {
		text = faultText{"Status report", http.StatusText(status), "The gateway refused the request."}
	}
	if form == FaultAccept {
		form = FaultJSON
		if wantsXML(accept) {
			form = FaultXML
		}
	}
	body := gatewayFault{code, text.kind, text.message, text.description}
	switch form {
	case FaultNumber:
		if n, err := strconv.Atoi(code); err == nil {
			body.Code = n
		}
	case FaultUnwrapped:
		return answerJSON(status, body)
	case FaultXML:
		return faultXML(status, code, text)
	}
	return answerJSON(status, map[string]gatewayFault{"fault": body})
}

func faultXML(status int, code string, text faultText) Answer {
	var b bytes.Buffer
	element := func(name, value string) {
		b.WriteString("<am:" + name + ">")
		_ = xml.EscapeText(&b, []byte(value)) // into memory: cannot fail
		b.WriteString("</am:" + name + ">")
	}
	b.WriteString(`<am:fault xmlns:am="http://wso2.org/apimanager">`)
	element("code", code)
	if text.kind != "" {
		element("type", text.kind)
	}
	element("message", text.message)
	element("description", text.description)
	b.WriteString("</am:fault>")
	return Answer{Status: status, Header: http.Header{"Content-Type": {typeXML}}, Body: b.Bytes()}
}

func wantsXML(accept string) bool {
	accept = strings.ToLower(accept)
	return strings.Contains(accept, "xml") && !strings.Contains(accept, "json")
}

// oauthError is the body of an error of the token endpoint, as RFC 6749 has it.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}
