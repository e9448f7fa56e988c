package faultmatrix

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// Outcome is what one fault led to, before anything was mended.
type Outcome struct {
	Logins   int                   // sent
	Listed   int                   // strikes in the record
	Counted  int                   // strikes on the platform
	Rotation session.RotationState // as the record has it
	Status   int                   // that a caller of a resource got
	Err      error
	Person   bool // had to help afterwards
}

// String is a row of the table, less what the fault is.
func (o Outcome) String() string {
	text := "none"
	switch {
	case o.Err != nil:
		text = strings.ReplaceAll(o.Err.Error(), "|", `\|`)
	case o.Status != 0 && o.Status != http.StatusOK:
		text = fmt.Sprintf("none; the caller gets the status %d", o.Status)
	}
	return fmt.Sprintf("%d | %d | %d | %s | %s", o.Logins, o.Listed, o.Counted, o.Rotation, text)
}

// Strike lets one request of the operation meet the fault, in virtual time: t is a test in a
// testing/synctest bubble. Whatever happens, the error is typed and holds no secret, the record lists
// at least as many strikes as the platform counts, nobody follows a redirect, and once the platform is
// well again so is the client, if need be with a person's help.
func Strike(t *testing.T, op Operation, f sessiontest.Fault, options ...sessiontest.Option) Outcome {
	t.Helper()
	p := sessiontest.New(t, options...)
	var log bytes.Buffer
	cfg := p.Config()
	cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	headers, err := c.Headers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := Request(t.Context(), c, p); err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		headers.Get("VZ-M2M-Token"), strings.TrimPrefix(headers.Get("Authorization"), "Bearer "), sessiontest.DefaultSecret, p.Password(),
	}
	f.On, f.Times = []sessiontest.Endpoint{op.On}, 1
	p.Inject(f)
	before := p.Counters()

	started := time.Now()
	err = op.Run(t.Context(), c, p)
	if d := time.Since(started); d > 5*time.Minute {
		t.Errorf("it took %v", d)
	}
	secrets = append(secrets, p.Password())
	judge(t, op, err, secrets)
	status, failed := c.Status(t.Context())
	if failed != nil {
		t.Fatal(failed)
	}
	after := p.Counters()
	o := Outcome{
		Logins: after.Logins - before.Logins, Listed: status.Strikes, Counted: after.Strikes, Rotation: status.Rotation, Err: err,
	}
	var refused statusError
	if errors.As(err, &refused) {
		o.Status, o.Err = int(refused), nil
	}
	if o.Counted > o.Listed {
		t.Errorf("the platform counts %d strikes, the record lists %d", o.Counted, o.Listed)
	}
	if o.Logins > 2 {
		t.Errorf("%d logins", o.Logins)
	}
	if n := after.Resets - before.Resets; n > 2 {
		t.Errorf("%d resets", n)
	}
	o.Person = heal(t, c, p)
	time.Sleep(2 * time.Minute) //nolint:forbidigo // virtual time, for what the platform does late
	if n := p.Counters(); n.MaxStrikes > 1 || n.Locked || n.Elsewhere != 0 || n.MisplacedSecrets != 0 {
		t.Errorf("in the end %d strikes, locked %v, %d requests elsewhere, %d secrets in the wrong place", n.MaxStrikes, n.Locked, n.Elsewhere, n.MisplacedSecrets)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, s := range secrets {
		if strings.Contains(log.String(), s) {
			t.Error("the log holds a secret")
		}
	}
	return o
}

// judge looks at the error: it is typed, unless it is that of a resource, and says no secret.
func judge(t *testing.T, op Operation, err error, secrets []string) {
	t.Helper()
	if err == nil {
		return
	}
	var typed *session.Error
	var rotation *session.RotationError
	if op.On != sessiontest.Resource && op.On != sessiontest.OAuth && !errors.As(err, &typed) && !errors.As(err, &rotation) {
		t.Errorf("error %T %v is not typed", err, err)
	}
	text := fmt.Sprintf("%s %v %+v %#v", err.Error(), err, err, err)
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("the error holds a secret: %s", text)
		}
	}
}

// heal waits until the client works again, and reports whether a person had to set another password.
func heal(t *testing.T, c *session.Client, p *sessiontest.Server) (person bool) {
	t.Helper()
	p.ClearFaults()
	var err error
	for range 70 {
		if err = Request(t.Context(), c, p); err == nil {
			if _, err = c.Login(t.Context()); err == nil {
				return person
			}
		}
		if errors.Is(err, session.ErrPasswordLost) || errors.Is(err, session.ErrLatched) {
			person = true
			p.SetPassword("from-support-1")
			p.Credentials().Set(p.Username(), "from-support-1")
		}
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
	}
	t.Errorf("it does not heal: %v", err)
	return person
}
