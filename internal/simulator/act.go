package simulator

import (
	"bytes"
	"io"
	"net/http"

	"iot.internal/thingspace/internal/platform"
)

// act answers a request as the platform does: a valid one to a session endpoint through the generated
// server, and everything else (what the contract does not describe, and what it refuses) by the
// model's own words.
func (s *Server) act(r *http.Request) platform.Answer {
	route := s.contract.find(r)
	if route == nil {
		return s.platform.Act(r)
	}
	in, valid := s.contract.validRequest(r, route)
	var a platform.Answer
	if valid {
		a = s.generated(r)
	} else {
		rewind(r)
		a = s.platform.Act(r)
	}
	if a.Switched { // broken on purpose
		return a
	}
	reason := s.contract.validAnswer(r.Context(), in, a)
	if reason == "" {
		return a
	}
	s.logger.ErrorContext(r.Context(), "an answer of the simulator breaks the contract",
		"method", r.Method, "path", route.Path, "status", a.Status, "reason", reason, "sent", s.lenient)
	if s.lenient {
		return a
	}
	return platform.Answer{
		Status: http.StatusInternalServerError,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"error":"the simulator was about to break the contract; see its log"}` + "\n"),
	}
}

// rewind makes the body readable from its start.
func rewind(r *http.Request) {
	if r.GetBody == nil {
		return
	}
	if body, err := r.GetBody(); err == nil {
		r.Body = body
	}
}

// generated answers through the generated server.
func (s *Server) generated(r *http.Request) platform.Answer {
	w := &recorder{header: http.Header{}}
	s.session.ServeHTTP(w, r)
	if w.unread { // by the generated server, though it satisfies the contract
		rewind(r)
		return s.platform.Act(r)
	}
	return platform.Answer{Status: w.status, Header: w.header, Body: w.body.Bytes(), Switched: w.switched}
}

// recorder collects an answer of the generated server. These are small.
type recorder struct {
	header   http.Header
	status   int
	body     bytes.Buffer
	switched bool
	unread   bool
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

var (
	_ http.ResponseWriter = (*recorder)(nil)
	_ io.Writer           = (*recorder)(nil)
)
