package sessiontest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// exampleT stands for the *testing.T of a test, which an example does not have.
type exampleT struct{ testing.TB }

func (exampleT) Helper()                   {}
func (exampleT) Cleanup(func())            {}
func (exampleT) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (exampleT) Context() context.Context  { return context.Background() }
func (exampleT) Errorf(f string, a ...any) { fmt.Printf(f+"\n", a...) }

var t exampleT

// get asks for the account, as a service would.
func get(platform *sessiontest.Server, client *session.Client) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, platform.BaseURL()+"/m2m/v1/accounts/"+platform.Account(), http.NoBody)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.HTTPClient().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status)
}

// A session expires between two calls; the caller sees nothing of it but the counters.
func Example() {
	platform := sessiontest.New(t)
	client := platform.Client(t)

	get(platform, client)
	platform.ExpireSessions()
	get(platform, client)

	n := platform.Counters()
	fmt.Println("logins:", n.Logins, "refused calls:", n.SessionsRefused, "strikes:", n.Strikes)
	// Output:
	// 200 OK
	// 200 OK
	// logins: 2 refused calls: 1 strikes: 0
}

// The password is changed in the portal, and nobody has told the service.
func ExampleServer_SetPassword() {
	platform := sessiontest.New(t)
	client := platform.Client(t)
	platform.SetPassword("changed-in-the-portal")

	for range 3 {
		_, err := client.Token(t.Context())
		fmt.Println("refused:", errors.Is(err, session.ErrCredentialsRefused), "latched:", errors.Is(err, session.ErrLatched))
	}
	fmt.Println("strikes:", platform.Counters().Strikes)

	platform.Credentials().Set(platform.Username(), platform.Password())
	get(platform, client)
	// Output:
	// refused: true latched: false
	// refused: false latched: true
	// refused: false latched: true
	// strikes: 1
	// 200 OK
}

// The platform changes the password, and its answer is lost on the way.
func ExampleServer_Inject() {
	platform := sessiontest.New(t)
	client := platform.Client(t)
	get(platform, client)

	platform.Inject(sessiontest.Fault{On: []sessiontest.Endpoint{sessiontest.Reset}, Kind: sessiontest.Drop, Acted: true, Times: 1})
	_, err := client.ResetPassword(t.Context())
	fmt.Println("outcome unknown:", errors.Is(err, session.ErrOutcomeUnknown))
	fmt.Println("passwords changed:", platform.Counters().ResetsDone)
	// Output:
	// 200 OK
	// outcome unknown: true
	// passwords changed: 1
}

// Nothing is known of whether a login ends the session before it: a service had better work either way.
func ExampleServer_SetSwitches() {
	platform := sessiontest.New(t)
	platform.SetSwitches(func(s *sessiontest.Switches) { s.LoginEndsOthers = true })
	client := platform.Client(t)

	get(platform, client)
	if _, err := client.Login(t.Context()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("sessions:", platform.Counters().SessionsAlive)
	get(platform, client)
	// Output:
	// 200 OK
	// sessions: 1
	// 200 OK
}

// A disk that is full is found before the platform is asked for another password.
func ExampleCredentials_FailSave() {
	platform := sessiontest.New(t)
	client := platform.Client(t)
	platform.Credentials().FailSave(0, errors.New("no space left"))

	_, err := client.ResetPassword(t.Context())
	fmt.Println("failed:", err != nil, "resets sent:", platform.Counters().Resets)
	// Output:
	// failed: true resets sent: 0
}
