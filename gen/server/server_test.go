package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"iot.internal/thingspace/gen"
	"iot.internal/thingspace/gen/server"
)

const faultXML = `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>900901</am:code></am:fault>`

// A platform that answers each kind of request in one way of the contract.
type platform struct{}

func (platform) StartConnectivityManagementSession(_ context.Context, request server.StartConnectivityManagementSessionRequestObject) (server.StartConnectivityManagementSessionResponseObject, error) {
	switch {
	case request.Body == nil:
		code := "UnifiedWebService.INPUT_INVALID.RequestUndefined"
		return server.StartConnectivityManagementSession400JSONResponse{ErrorCode: &code}, nil
	case request.Body.Username == "slow":
		wait := "30"
		return server.StartConnectivityManagementSession429JSONResponse{TooManyRequestsJSONResponse: server.TooManyRequestsJSONResponse{
			Headers: server.TooManyRequestsResponseHeaders{RetryAfter: &wait},
			Body:    server.GatewayFault{Fault: &gen.GatewayFaultDetail{Code: 900800}},
		}}, nil
	case request.Body.Username == "xml":
		return server.StartConnectivityManagementSession401ApplicationXMLResponse{UnauthorizedApplicationXMLResponse: server.UnauthorizedApplicationXMLResponse{
			Body: strings.NewReader(faultXML), ContentLength: int64(len(faultXML)),
		}}, nil
	case request.Body.Password == "IMgr8":
		return server.StartConnectivityManagementSession200JSONResponse{SessionToken: "bcce3ea6-fe4f-4952-bacf-eadd80718e83"}, nil
	}
	return nil, errors.New("unexpected login")
}

func (platform) EndConnectivityManagementSession(context.Context, server.EndConnectivityManagementSessionRequestObject) (server.EndConnectivityManagementSessionResponseObject, error) {
	return server.EndConnectivityManagementSession5XXJSONResponse{StatusCode: http.StatusServiceUnavailable}, nil
}

func (platform) ResetConnectivityManagementPassword(_ context.Context, request server.ResetConnectivityManagementPasswordRequestObject) (server.ResetConnectivityManagementPasswordResponseObject, error) {
	if request.Body.OldPassword != "grflbk" {
		return nil, errors.New("unexpected reset")
	}
	return server.ResetConnectivityManagementPassword200JSONResponse{NewPassword: "Wh0a1545a84d"}, nil
}

// Both ends are generated from the contract; this is that they have been generated from the same one.
func TestClientAndServerAgree(t *testing.T) {
	handler := server.HandlerFromMuxWithBaseURL(server.NewStrictHandler(platform{}, nil), http.NewServeMux(), "/api")
	backend := httptest.NewServer(handler)
	defer backend.Close()
	client, err := gen.NewClientWithResponses(backend.URL+"/api", gen.WithHTTPClient(backend.Client()))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()

	login, err := client.StartConnectivityManagementSessionWithResponse(ctx, gen.LogInRequest{Username: "zbeeblebrox", Password: "IMgr8"})
	if err != nil || login.JSON200 == nil || login.JSON200.SessionToken != "bcce3ea6-fe4f-4952-bacf-eadd80718e83" {
		t.Errorf("login: %v, %v", login, err)
	}

	blank, err := client.StartConnectivityManagementSessionWithBodyWithResponse(ctx, "application/json", http.NoBody)
	if err != nil || blank.JSON400 == nil || *blank.JSON400.ErrorCode != "UnifiedWebService.INPUT_INVALID.RequestUndefined" {
		t.Errorf("login without a body: %v, %v", blank, err)
	}

	slow, err := client.StartConnectivityManagementSessionWithResponse(ctx, gen.LogInRequest{Username: "slow", Password: "IMgr8"})
	if err != nil || slow.JSON429 == nil || slow.HTTPResponse.Header.Get("Retry-After") != "30" {
		t.Errorf("throttled login: %v, %v", slow, err)
	} else if code, ok := slow.JSON429.Fault.Code.(float64); !ok || code != 900800 {
		t.Errorf("a code that is sent as a number is read as %v", slow.JSON429.Fault.Code)
	}

	xml, err := client.StartConnectivityManagementSessionWithResponse(ctx, gen.LogInRequest{Username: "xml", Password: "IMgr8"})
	if err != nil || xml.StatusCode() != http.StatusUnauthorized || string(xml.Body) != faultXML {
		t.Errorf("login answered in XML: %v, %v", xml, err)
	}

	logout, err := client.EndConnectivityManagementSessionWithResponse(ctx)
	if err != nil || logout.StatusCode() != http.StatusServiceUnavailable || logout.JSON5XX == nil {
		t.Errorf("logout: %v, %v", logout, err)
	}

	reset, err := client.ResetConnectivityManagementPasswordWithResponse(ctx, gen.SessionResetPasswordRequest{OldPassword: "grflbk"})
	if err != nil || reset.JSON200 == nil || reset.JSON200.NewPassword != "Wh0a1545a84d" {
		t.Errorf("reset: %v, %v", reset, err)
	}
}

// The raw client shows what goes over the wire.
func TestPathsAndMethodsAreTheVendors(t *testing.T) {
	for name, c := range map[string]struct {
		request func() (*http.Request, error)
		want    string
	}{
		"login": {func() (*http.Request, error) {
			return gen.NewStartConnectivityManagementSessionRequest(gen.ServerURLProduction+"/", gen.LogInRequest{Username: "zbeeblebrox", Password: "IMgr8"})
		}, `POST https://thingspace.verizon.com/api/m2m/v1/session/login {"password":"IMgr8","username":"zbeeblebrox"}`},
		"logout": {func() (*http.Request, error) {
			return gen.NewEndConnectivityManagementSessionRequest(gen.ServerURLProduction + "/")
		}, `POST https://thingspace.verizon.com/api/m2m/v1/session/logout `},
		"reset": {func() (*http.Request, error) {
			return gen.NewResetConnectivityManagementPasswordRequest(gen.ServerURLProduction+"/", gen.SessionResetPasswordRequest{OldPassword: "grflbk"})
		}, `PUT https://thingspace.verizon.com/api/m2m/v1/session/password/actions/reset {"oldPassword":"grflbk"}`},
	} {
		request, err := c.request()
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		if request.Body != nil {
			if body, err = io.ReadAll(request.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got := request.Method + " " + request.URL.String() + " " + string(body); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
