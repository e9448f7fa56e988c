package simulator

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"iot.internal/thingspace/internal/platform"
)

const controlPath = "/_control"

//go:embed control.txt
var help string

// maxControl bounds the body of a control request.
const maxControl = 64 << 10

func (s *Server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_control", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, help)
	})
	answer := func(pattern string, do func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxControl)
			said, err := do(r)
			if err != nil {
				refuse(w, statusOf(err), err.Error())
				return
			}
			status := http.StatusOK
			if said == nil {
				said = struct{}{}
			} else if _, made := said.(created); made {
				status = http.StatusCreated
			}
			write(w, status, said)
		})
	}
	answer("GET /_control/state", func(*http.Request) (any, error) { return s.state(), nil })
	answer("GET /_control/counters", func(*http.Request) (any, error) { return s.platform.Counters(), nil })
	answer("GET /_control/journal", func(*http.Request) (any, error) { return s.platform.Journal(), nil })
	answer("GET /_control/switches", func(*http.Request) (any, error) { return readable(s.platform.Switches()), nil })
	answer("PATCH /_control/switches", s.patchSwitches)
	answer("GET /_control/faults", func(*http.Request) (any, error) { return s.faults(), nil })
	answer("POST /_control/faults", s.postFault)
	answer("DELETE /_control/faults", func(*http.Request) (any, error) { s.platform.ClearFaults(); return nil, nil })
	answer("DELETE /_control/faults/{id}", s.deleteFault)
	answer("POST /_control/clock/advance", s.postAdvance)
	answer("POST /_control/sessions/expire", func(*http.Request) (any, error) { s.platform.ExpireSessions(); return nil, nil })
	answer("POST /_control/bearers/expire", func(*http.Request) (any, error) { s.platform.ExpireBearers(); return nil, nil })
	answer("GET /_control/users/{name}", s.getUser)
	answer("PUT /_control/users/{name}/password", s.putPassword)
	answer("POST /_control/users/{name}/lock", s.user((*platform.Platform).Lock))
	answer("POST /_control/users/{name}/unlock", s.user((*platform.Platform).Unlock))
	answer("POST /_control/users/{name}/clear-strikes", s.user((*platform.Platform).ClearStrikes))
	answer("POST /_control/reset", func(*http.Request) (any, error) { s.reset(); return nil, nil })
	mux.HandleFunc("/_control/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is no such control; GET "+controlPath+" lists them")
	})
	return mux
}

// state is everything at once.
type state struct {
	Now      time.Time          `json:"now"` // of the simulated platform
	Base     string             `json:"base"`
	Users    []platform.Account `json:"users"`
	Counters platform.Counters  `json:"counters"`
	Contract Violations         `json:"contractViolations"`
	Switches any                `json:"switches"`
	Faults   []any              `json:"faults"`
}

func (s *Server) state() state {
	st := state{
		Now: s.clock.Now(), Base: Base, Counters: s.platform.Counters(), Contract: s.Violations(),
		Switches: readable(s.platform.Switches()), Faults: s.faults(),
	}
	for _, name := range s.users {
		if u, ok := s.platform.User(name); ok {
			st.Users = append(st.Users, u)
		}
	}
	return st
}

func (s *Server) reset() {
	s.platform.Reset()
	s.contract.forget()
	s.clock.backToNow()
}

func (s *Server) patchSwitches(r *http.Request) (any, error) {
	patch, err := members(r)
	if err != nil {
		return nil, err
	}
	var wrong error
	err = s.platform.SetSwitches(func(switches *platform.Switches) {
		changed := *switches
		if wrong = assign(&changed, patch); wrong == nil {
			*switches = changed
		}
	})
	if wrong != nil {
		return nil, wrong
	}
	return readable(s.platform.Switches()), err
}

func (s *Server) faults() []any {
	rules := s.platform.Faults()
	list := make([]any, 0, len(rules))
	for _, r := range rules {
		list = append(list, map[string]any{"id": r.ID, "hits": r.Hits, "fault": readable(r.Fault)})
	}
	return list
}

type created struct {
	ID int `json:"id"`
}

func (s *Server) postFault(r *http.Request) (any, error) {
	given, err := members(r)
	if err != nil {
		return nil, err
	}
	var f platform.Fault
	if err := assign(&f, given); err != nil {
		return nil, err
	}
	id, err := s.platform.Inject(f)
	return created{id}, err
}

func (s *Server) deleteFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !s.platform.RemoveFault(id) {
		return nil, notFoundError("there is no such fault")
	}
	return nil, nil
}

// maxAdvance keeps the clock within what durations can express.
const maxAdvance = 10 * 365 * 24 * time.Hour

func (s *Server) postAdvance(r *http.Request) (any, error) {
	given, err := members(r)
	if err != nil {
		return nil, err
	}
	var by struct {
		By time.Duration `json:"by"`
	}
	if err := assign(&by, given); err != nil {
		return nil, err
	}
	if by.By <= 0 || by.By > maxAdvance {
		return nil, fmt.Errorf("by must be above 0 and up to ten years, for example 20m")
	}
	s.Advance(by.By)
	return map[string]time.Time{"now": s.clock.Now()}, nil
}

func (s *Server) getUser(r *http.Request) (any, error) {
	u, ok := s.platform.User(r.PathValue("name"))
	if !ok {
		return nil, errNoUser
	}
	return u, nil
}

func (s *Server) putPassword(r *http.Request) (any, error) {
	given, err := members(r)
	if err != nil {
		return nil, err
	}
	var to struct {
		Password string `json:"password"`
	}
	if err := assign(&to, given); err != nil {
		return nil, err
	}
	if to.Password == "" {
		return nil, fmt.Errorf("password is missing")
	}
	if !s.platform.SetPassword(r.PathValue("name"), to.Password) {
		return nil, errNoUser
	}
	return nil, nil
}

func (s *Server) user(do func(*platform.Platform, string) bool) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		if !do(s.platform, r.PathValue("name")) {
			return nil, errNoUser
		}
		return nil, nil
	}
}

type notFoundError string

func (n notFoundError) Error() string { return string(n) }

const errNoUser = notFoundError("there is no such user")

func statusOf(err error) int {
	var (
		missing  notFoundError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &missing):
		return http.StatusNotFound
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have left
}

func refuse(w http.ResponseWriter, status int, reason string) {
	write(w, status, map[string]string{"error": reason})
}
