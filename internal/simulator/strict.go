package simulator

import (
	"context"
	"encoding/json"
	"net/http"

	"iot.internal/thingspace/gen"
	"iot.internal/thingspace/gen/server"
	"iot.internal/thingspace/internal/platform"
)

// strict implements the three operations of the contract with the model.
type strict struct{ platform *platform.Platform }

var _ server.StrictServerInterface = strict{}

// generated is the generated server over the model.
func generated(p *platform.Platform) http.Handler {
	withToken := func(next server.StrictHandlerFunc, _ string) server.StrictHandlerFunc {
		return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
			return next(context.WithValue(ctx, tokenKey{}, r.Header.Get(platform.HeaderSession)), w, r, request)
		}
	}
	unread := func(w http.ResponseWriter, _ *http.Request, _ error) { // the error may quote the body
		if recorder, ok := w.(*recorder); ok {
			recorder.unread = true
		}
	}
	handler := server.NewStrictHandlerWithOptions(strict{p}, []server.StrictMiddlewareFunc{withToken}, server.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: unread,
		ResponseErrorHandlerFunc: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusInternalServerError)
		},
	})
	return server.HandlerWithOptions(handler, server.StdHTTPServerOptions{BaseURL: Base, ErrorHandlerFunc: unread})
}

type tokenKey struct{}

func tokenOf(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}

// StartConnectivityManagementSession logs in.
func (s strict) StartConnectivityManagementSession(_ context.Context, r server.StartConnectivityManagementSessionRequestObject) (server.StartConnectivityManagementSessionResponseObject, error) {
	if r.Body == nil {
		refusal := platform.EmptyRequest()
		return server.StartConnectivityManagementSession400JSONResponse(result(refusal)), nil
	}
	token, refusal := s.platform.LogIn(r.Body.Username, string(r.Body.Password))
	switch {
	case refusal == nil:
		return server.StartConnectivityManagementSession200JSONResponse{SessionToken: gen.Secret(token)}, nil
	case refusal.Status == http.StatusBadRequest:
		return server.StartConnectivityManagementSession400JSONResponse(result(refusal)), nil
	}
	return switched{refusal}, nil
}

// EndConnectivityManagementSession logs out.
func (s strict) EndConnectivityManagementSession(ctx context.Context, _ server.EndConnectivityManagementSessionRequestObject) (server.EndConnectivityManagementSessionResponseObject, error) {
	token, refusal := s.platform.LogOut(tokenOf(ctx))
	if refusal != nil {
		return server.EndConnectivityManagementSession400JSONResponse(result(refusal)), nil
	}
	return server.EndConnectivityManagementSession200JSONResponse{SessionToken: gen.Secret(token)}, nil
}

// ResetConnectivityManagementPassword has a password made.
func (s strict) ResetConnectivityManagementPassword(ctx context.Context, r server.ResetConnectivityManagementPasswordRequestObject) (server.ResetConnectivityManagementPasswordResponseObject, error) {
	password, refusal := s.platform.ResetPassword(tokenOf(ctx), string(r.Body.OldPassword))
	switch {
	case refusal == nil:
		return server.ResetConnectivityManagementPassword200JSONResponse{NewPassword: gen.Secret(password)}, nil
	case refusal.Status == http.StatusBadRequest:
		return server.ResetConnectivityManagementPassword400JSONResponse(result(refusal)), nil
	}
	return switched{refusal}, nil
}

func result(r *platform.Refusal) gen.ConnectivityManagementResult {
	return gen.ConnectivityManagementResult{ErrorCode: &r.Code, ErrorMessage: &r.Message}
}

// switched is a refusal with a status that a switch has invented.
type switched struct{ refusal *platform.Refusal }

func (s switched) write(w http.ResponseWriter) error {
	if recorder, ok := w.(*recorder); ok {
		recorder.switched = true
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.refusal.Status)
	return json.NewEncoder(w).Encode(result(s.refusal))
}

// VisitStartConnectivityManagementSessionResponse writes the answer to a login.
func (s switched) VisitStartConnectivityManagementSessionResponse(w http.ResponseWriter) error {
	return s.write(w)
}

// VisitResetConnectivityManagementPasswordResponse writes the answer to a reset.
func (s switched) VisitResetConnectivityManagementPasswordResponse(w http.ResponseWriter) error {
	return s.write(w)
}
