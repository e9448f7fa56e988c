package simulator

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/gen"
	"iot.internal/thingspace/internal/platform"
)

// bearer fetches a bearer over the wire.
func bearer(t *testing.T, base string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/ts/v1/oauth2/token", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(DefaultKey, DefaultSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(body), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// broken is a generated server with a bug.
func broken(t *testing.T, lenient bool, log io.Writer) (*Server, *httptest.Server) {
	t.Helper()
	s, err := New(Options{Lenient: lenient, Logger: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.session = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"token":"a-secret-of-the-answer"}`)
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return s, server
}

func TestAnAnswerThatBreaksTheContractIsNotSent(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		var log bytes.Buffer
		s, server := broken(t, lenient, &log)
		client, err := gen.NewClient(server.URL + Base)
		if err != nil {
			t.Fatal(err)
		}
		token := bearer(t, server.URL+Base)
		resp, err := client.StartConnectivityManagementSession(t.Context(),
			gen.LogInRequest{Username: DefaultUsername, Password: DefaultPassword},
			func(_ context.Context, r *http.Request) error {
				r.Header.Set("Authorization", "Bearer "+token)
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if want := map[bool]int{false: 500, true: 200}[lenient]; resp.StatusCode != want {
			t.Errorf("lenient %t: status %d, %s", lenient, resp.StatusCode, body)
		}
		if s.Violations().Responses != 1 {
			t.Errorf("%+v", s.Violations())
		}
		if !strings.Contains(log.String(), "breaks the contract") || strings.Contains(log.String(), "a-secret") || strings.Contains(log.String(), DefaultPassword) {
			t.Errorf("log %s", log.String())
		}
	}
}

func TestTheGeneratedClientSpeaksToTheGeneratedServer(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	client, err := gen.NewClientWithResponses(server.URL + Base)
	if err != nil {
		t.Fatal(err)
	}
	token, session := bearer(t, server.URL+Base), ""
	sign := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		if session != "" {
			r.Header.Set(platform.HeaderSession, session)
		}
		return nil
	}
	in, err := client.StartConnectivityManagementSessionWithResponse(t.Context(), gen.LogInRequest{Username: DefaultUsername, Password: DefaultPassword}, sign)
	if err != nil || in.JSON200 == nil {
		t.Fatalf("%v %v", in, err)
	}
	session = string(in.JSON200.SessionToken)
	changed, err := client.ResetConnectivityManagementPasswordWithResponse(t.Context(), gen.SessionResetPasswordRequest{OldPassword: DefaultPassword}, sign)
	if err != nil || changed.JSON200 == nil || string(changed.JSON200.NewPassword) != s.Platform().Password(DefaultUsername) {
		t.Fatalf("%v %v", changed, err)
	}
	again, err := client.StartConnectivityManagementSessionWithResponse(t.Context(), gen.LogInRequest{Username: DefaultUsername, Password: DefaultPassword}, sign)
	if err != nil || again.JSON400 == nil || again.JSON400.ErrorCode == nil {
		t.Fatalf("%v %v", again, err)
	}
	out, err := client.EndConnectivityManagementSessionWithResponse(t.Context(), sign)
	if err != nil || out.JSON200 == nil || string(out.JSON200.SessionToken) != session {
		t.Fatalf("%v %v", out, err)
	}
	if v := s.Violations(); v != (Violations{}) {
		t.Errorf("%+v", v)
	}
}

func TestFaultsAndSwitchesMayBreakTheContract(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	token := bearer(t, server.URL+Base)
	login := func(password string) int {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+Base+platform.LoginPath,
			strings.NewReader(`{"username":"zbeeblebrox","password":"`+password+`"}`))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if err := s.Platform().SetSwitches(func(s *platform.Switches) { s.RefusedStatus = 418 }); err != nil {
		t.Fatal(err)
	}
	if got := login("wrong"); got != 418 {
		t.Errorf("status %d", got)
	}
	for kind, want := range map[platform.Kind]int{platform.Empty: 200, platform.WrongTypes: 200, platform.Drop: 0, platform.NoSuchHost: 0} {
		s.Platform().ClearFaults()
		if _, err := s.Platform().Inject(platform.Fault{On: []platform.Endpoint{platform.Login}, Kind: kind}); err != nil {
			t.Fatal(err)
		}
		if got := login(DefaultPassword); got != want {
			t.Errorf("%s: status %d, want %d", kind, got, want)
		}
	}
	if v := s.Violations(); v != (Violations{}) {
		t.Errorf("%+v", v)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	wrong := platform.DefaultSwitches()
	wrong.StrikeLimit = 0
	if _, err := New(Options{Switches: &wrong}); err == nil {
		t.Error("senseless switches were taken")
	}
	s, err := New(Options{
		Users:        []platform.User{{Username: "trillian", Password: "42"}},
		Applications: []platform.Application{{Key: "k", Secret: "s"}},
		Accounts:     []string{"1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, refusal := s.Platform().LogIn("trillian", "42"); refusal != nil {
		t.Error(refusal)
	}
	if _, refusal := s.Platform().LogIn(DefaultUsername, DefaultPassword); refusal == nil {
		t.Error("the default user is there beside the given one")
	}
}

func TestTheClockIsPutForward(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	token, _ := s.Platform().LogIn(DefaultUsername, DefaultPassword)
	s.Advance(20*time.Minute - time.Second)
	if s.Platform().RefusesSession(token) != nil {
		t.Error("expired early")
	}
	s.Advance(time.Second)
	if s.Platform().RefusesSession(token) == nil {
		t.Error("did not expire")
	}
}

func TestWhatIsNeitherAPINorControlIsThePage(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	other, err := New(Options{Page: page})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]int{"/": {200, 418}, "/other": {404, 418}, "/apiary": {404, 418}, "/api": {404, 404}, "/_controls": {404, 418}} {
		for i, server := range []*Server{s, other} {
			w := httptest.NewRecorder()
			server.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if w.Code != want[i] {
				t.Errorf("%s: status %d, want %d", path, w.Code, want[i])
			}
		}
	}
}
