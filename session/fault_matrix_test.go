package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/sessiontest"
)

// evil is where hostile redirects lead; nothing there can be reached, and nothing may be tried.
const evil = "https://evil.example/"

// faults is everything that an endpoint can do wrong.
func faults() map[string]sessiontest.Fault {
	f := map[string]sessiontest.Fault{
		"no such host":           {Kind: sessiontest.NoSuchHost},
		"connection refused":     {Kind: sessiontest.ConnectionRefused},
		"bad certificate":        {Kind: sessiontest.BadCertificate},
		"broken while writing":   {Kind: sessiontest.BreakWriting},
		"dropped, not acted":     {Kind: sessiontest.Drop},
		"dropped, acted":         {Kind: sessiontest.Drop, Acted: true},
		"stall in headers":       {Kind: sessiontest.StallHeaders},
		"stall in body":          {Kind: sessiontest.StallBody},
		"truncated":              {Kind: sessiontest.Truncate},
		"wrong length":           {Kind: sessiontest.WrongLength},
		"1xx storm":              {Kind: sessiontest.Informational, Size: 3},
		"huge":                   {Kind: sessiontest.Huge, Size: 4 << 20},
		"gzip bomb":              {Kind: sessiontest.GzipBomb, Size: 4 << 20},
		"gzip":                   {Kind: sessiontest.Gzip},
		"empty 200":              {Kind: sessiontest.Empty},
		"wrong types":            {Kind: sessiontest.WrongTypes},
		"duplicate keys":         {Kind: sessiontest.DuplicateKeys},
		"invalid UTF-8":          {Kind: sessiontest.InvalidUTF8},
		"trailing garbage":       {Kind: sessiontest.TrailingGarbage},
		"echo of what was sent":  {Kind: sessiontest.Echo},
		"slow, acted late":       {Kind: sessiontest.Late, Delay: 45 * time.Second},
		"HTML 200":               {Kind: sessiontest.Status, Status: 200, Body: sessiontest.BodyHTML},
		"XML fault 403":          {Kind: sessiontest.Status, Status: 403, Body: sessiontest.BodyXML},
		"401 fault":              {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyFault},
		"401 number":             {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyNumber},
		"401 unwrapped":          {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyUnwrapped},
		"401 XML":                {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyXML},
		"401 bare":               {Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyEmpty},
		"429 with Retry-After":   {Kind: sessiontest.Status, Status: 429, RetryAfter: "7"},
		"429 bare":               {Kind: sessiontest.Status, Status: 429, Body: sessiontest.BodyEmpty},
		"429 absurd Retry-After": {Kind: sessiontest.Status, Status: 429, Body: sessiontest.BodyEmpty, RetryAfter: "999999999"},
		"session token code":     {Kind: sessiontest.SessionToken},
		"unexpected error":       {Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyPlatform},
		"201":                    {Kind: sessiontest.Status, Status: 201, Body: sessiontest.BodyEmpty},
		"204":                    {Kind: sessiontest.Empty, Status: 204},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		f[fmt.Sprint("redirect ", status)] = sessiontest.Fault{Kind: sessiontest.Redirect, Status: status, Location: evil}
	}
	for _, status := range []int{400, 403, 404, 408, 500, 502, 503, 504} {
		f[fmt.Sprint(status, " HTML")] = sessiontest.Fault{Kind: sessiontest.Status, Status: status, Body: sessiontest.BodyHTML}
	}
	return f
}

// operation is what a caller does when the fault strikes.
type operation struct {
	on  sessiontest.Endpoint
	run func(ctx context.Context, c *session.Client, p *sessiontest.Server) error
}

func request(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL()+"/m2m/v1/accounts/"+p.Account(), nil)
	if err != nil {
		return err
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

var operations = map[string]operation{
	"oauth": {sessiontest.OAuth, func(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
		p.ExpireBearers()
		return request(ctx, c, p)
	}},
	"login": {sessiontest.Login, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		_, err := c.Login(ctx)
		return err
	}},
	"logout": {sessiontest.Logout, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		return c.Logout(ctx)
	}},
	"reset": {sessiontest.Reset, func(ctx context.Context, c *session.Client, _ *sessiontest.Server) error {
		_, err := c.ResetPassword(ctx)
		return err
	}},
	"resource": {sessiontest.Resource, func(ctx context.Context, c *session.Client, p *sessiontest.Server) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute) // the caller's own; the client sets none
		defer cancel()
		return request(ctx, c, p)
	}},
}

func stores(t *testing.T) map[string]func(t *testing.T) session.Store {
	t.Helper()
	return map[string]func(t *testing.T) session.Store{
		"memory": func(*testing.T) session.Store { return session.NewMemoryStore() },
		"file":   func(t *testing.T) session.Store { return filestore.New(t.TempDir()) },
	}
}

// TestEveryFaultEndsInATypedErrorAndHeals is the fault matrix: each fault on each endpoint over each
// store. Whatever happens, the error is typed and holds no secret, the record lists at least as many
// strikes as the platform counts, nobody follows a redirect, and once the platform is well again so
// is the client, without a person unless a password was lost.
func TestEveryFaultEndsInATypedErrorAndHeals(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "store\tendpoint\tfault\tlogins\tstrikes listed\tstrikes counted\trotation\terror")
	cases := 0
	for store, open := range stores(t) {
		for name, op := range operations {
			for fault, f := range faults() {
				cases++
				t.Run(store+"/"+name+"/"+fault, func(t *testing.T) {
					inner := open(t)
					virtually(t, func(t *testing.T) {
						_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", store, name, fault, strike(t, inner, op, f))
					})
				})
			}
		}
	}
	_ = w.Flush()
	if testing.Verbose() {
		fmt.Print(table.String())
	}
	t.Logf("%d cases", cases)
}

func strike(t *testing.T, store session.Store, op operation, f sessiontest.Fault) string {
	p := sessiontest.New(t, sessiontest.WithStore(store))
	c := p.Client(t)
	token := mustToken(t, c)
	mustGet(t, c, p)
	headers, err := c.Headers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		token.Reveal(), strings.TrimPrefix(headers.Get("Authorization"), "Bearer "), sessiontest.DefaultSecret, p.Password(),
	}
	f.On, f.Times = []sessiontest.Endpoint{op.on}, 1
	p.Inject(f)
	before := p.Counters()

	started := time.Now()
	err = op.run(t.Context(), c, p)
	if d := time.Since(started); d > 5*time.Minute {
		t.Errorf("it took %v", d)
	}
	secrets = append(secrets, p.Password())
	var typed *session.Error
	var rotation *session.RotationError
	if err != nil {
		if op.on != sessiontest.Resource && !errors.As(err, &typed) && !errors.As(err, &rotation) && op.on != sessiontest.OAuth {
			t.Errorf("error %T %v is not typed", err, err)
		}
		for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("the error holds a secret: %s", text)
				}
			}
		}
	}
	status := mustStatus(t, c)
	after := p.Counters()
	if after.Strikes > status.Strikes {
		t.Errorf("the platform counts %d strikes, the record lists %d", after.Strikes, status.Strikes)
	}
	if n := after.Logins - before.Logins; n > 2 {
		t.Errorf("%d logins", n)
	}
	if n := after.Resets - before.Resets; op.on == sessiontest.Reset && n > 2 {
		t.Errorf("%d resets", n)
	}
	row := fmt.Sprintf("%d\t%d\t%d\t%s\t%v", after.Logins-before.Logins, status.Strikes, after.Strikes, status.Rotation, err)
	heal(t, c, p)
	time.Sleep(2 * time.Minute) // what the platform does late
	if n := p.Counters(); n.MaxStrikes > 1 || n.Locked {
		t.Errorf("%d strikes in the end, locked %v", n.MaxStrikes, n.Locked)
	}
	return row
}

// heal waits until the client works again.
func heal(t *testing.T, c *session.Client, p *sessiontest.Server) {
	t.Helper()
	p.ClearFaults()
	var err error
	for range 70 {
		if err = request(t.Context(), c, p); err == nil {
			if _, err = c.Login(t.Context()); err == nil {
				return
			}
		}
		if errors.Is(err, session.ErrPasswordLost) {
			p.SetPassword("from-support-1")
			p.Credentials().Set(p.Username(), "from-support-1")
		}
		time.Sleep(time.Minute)
	}
	t.Errorf("it does not heal: %v", err)
}
