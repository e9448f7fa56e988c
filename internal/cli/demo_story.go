package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"iot.internal/thingspace/internal/platform"
	"iot.internal/thingspace/internal/simulator"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// chapter is one step of the story: what is said before it, what happens, and what must be true.
type chapter struct {
	title string
	text  string
	do    func(ctx context.Context) error
}

const demoHead = `One ThingSpace session, from the first login to the logout, against a simulator inside this program.
Nothing leaves this machine. Where the story would have to wait, the simulator's clock is moved.
"On the wire" is what the simulator has counted.
`

const defect = "this is a defect of the program"

// burst is how many requests the demonstration sends at the same moment.
const burst = 50

// tell plays the chapters. The first that does not do what it says ends the story.
func (d *demonstration) tell(ctx context.Context) error {
	began := time.Now()
	right := filestore.Credentials(d.file)
	first, err := d.process(right)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close() }()
	_, _ = fmt.Fprint(d.out, demoHead)
	chapters := d.chapters(first, right)
	for i, c := range chapters {
		_, _ = fmt.Fprintf(d.out, "\n%d. %s\n%s\n", i+1, c.title, indent(c.text))
		d.before = d.platform.Counters()
		if err := c.do(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &failure{
				status: exitFailed, what: fmt.Sprintf("step %d of the demonstration, %q, did not do what it says: %s", i+1, c.title, what(err)),
				todo: defect, cause: err,
			}
		}
	}
	if v := d.simulator.Violations(); v != (simulator.Violations{}) {
		return &failure{status: exitFailed, what: fmt.Sprintf("%d requests and %d answers broke the contract", v.Requests, v.Responses), todo: defect}
	}
	c := d.platform.Counters()
	_, _ = fmt.Fprintf(d.out, "\nAll %d steps did what they say, in %.1f seconds: %d requests, %d logins, of which %d refused; the platform never locked the user.\n",
		len(chapters), time.Since(began).Seconds(), c.Requests, c.Logins, c.LoginsRefused)
	_, _ = fmt.Fprint(d.out, "Next: 'thingspace simulate' for a simulator to try it on, 'thingspace help environment' for your own account.\n"+
		"('go install ./cmd/thingspace' or 'make build' makes the command, if you have only seen this demonstration.)\n")
	return nil
}

func (d *demonstration) chapters(first *session.Client, right session.CredentialSaver) []chapter {
	return []chapter{
		{
			"The first request",
			"A service asks for an account. There is no session yet: the client fetches an OAuth2 bearer,\nlogs in, and sends the request with both tokens.",
			func(ctx context.Context) error {
				if err := d.call(ctx, first); err != nil {
					return err
				}
				return d.wire(platform.Counters{OAuth: 1, Logins: 1, Resources: 1})
			},
		},
		{
			"Many more, and another process",
			fmt.Sprintf("%d requests at the same moment use the session in hand. A second process, which shares the\nstore, finds the session and the bearer there.", burst),
			func(ctx context.Context) error {
				if err := d.callMany(ctx, first); err != nil {
					return err
				}
				second, err := d.process(right)
				if err != nil {
					return err
				}
				if err := errors.Join(d.call(ctx, second), second.Close()); err != nil {
					return err
				}
				return d.wire(platform.Counters{Resources: burst + 1})
			},
		},
		{
			"Twenty-one idle minutes later",
			fmt.Sprintf("The platform has ended the idle session. %d requests are sent at the same moment; those that meet the\ndead session are refused: 400 with a SessionToken code. One login, and each is sent again: no caller\nnotices.", burst),
			func(ctx context.Context) error {
				d.simulator.Advance(21 * time.Minute)
				if err := d.callMany(ctx, first); err != nil {
					return err
				}
				refused := d.platform.Counters().SessionsRefused - d.before.SessionsRefused
				d.say("%d requests were refused and sent again", refused)
				if refused == 0 {
					return errors.New("the session had not expired")
				}
				return d.wire(platform.Counters{Logins: 1, Resources: burst + refused})
			},
		},
		{
			"An hour after that",
			"Now the bearer has lapsed too, which the gateway says differently: 401. Each token is renewed for\nits own reason, once.",
			func(ctx context.Context) error {
				d.simulator.Advance(time.Hour)
				if err := d.call(ctx, first); err != nil {
					return err
				}
				return d.wire(platform.Counters{OAuth: 1, Logins: 1, Resources: 3})
			},
		},
		{
			"A wrong password",
			"A process that was started with a stale password logs in. The platform refuses it: one strike of the\nfive that lock a user until support unlocks it. The second try, and that of any other process, ends\nhere: nothing is sent.",
			func(ctx context.Context) error { return d.wrongPassword(ctx, first) },
		},
		{
			"A new password",
			"The platform makes a new password and tells it once. It is proved that saving works before the reset\nis sent; the answer is on the disk before anybody hears of it. A process that still holds the old one\nstops without spending a strike.",
			func(ctx context.Context) error { return d.rotate(ctx, first, right) },
		},
		{
			"Logout",
			"The session ends for everybody who shares the store.",
			func(ctx context.Context) error {
				if err := first.Logout(ctx); err != nil {
					return err
				}
				if n := d.platform.Counters().SessionsEnded - d.before.SessionsEnded; n != 1 {
					return fmt.Errorf("%d sessions ended", n)
				}
				st, err := first.Status(ctx)
				if err != nil {
					return err
				}
				if st.Session.Present || st.Strikes != 0 {
					return errors.New("the record still holds the session, or strikes")
				}
				d.say("the record holds no session any more, and %d strikes", st.Strikes)
				return d.wire(platform.Counters{Logouts: 1})
			},
		},
	}
}

// wrongPassword tries a stale password twice, in two processes.
func (d *demonstration) wrongPassword(ctx context.Context, first *session.Client) error {
	stale := session.StaticCredentials(demoUser, demoWrong)
	for i, want := range []error{session.ErrCredentialsRefused, session.ErrLatched} {
		process, err := d.process(stale)
		if err != nil {
			return err
		}
		before := d.platform.Counters().Logins
		_, err = process.Login(ctx)
		st, statusErr := process.Status(ctx)
		if closing := errors.Join(statusErr, process.Close()); closing != nil {
			return closing
		}
		if !errors.Is(err, want) {
			return fmt.Errorf("try %d ended with %w", i+1, err)
		}
		sent := d.platform.Counters().Logins - before
		d.say("try %d: %s", i+1, strings.TrimPrefix(oneLine(err.Error()), "thingspace: "))
		d.say("       logins sent: %d; strikes: %d of 5 on the platform, %d in the record", sent, d.platform.Counters().Strikes, st.Strikes)
		if sent != 1-i || d.platform.Counters().Strikes != 1 || st.Strikes != 1 {
			return errors.New("the strikes are wrong")
		}
	}
	d.say("the session in hand works on:")
	if err := d.call(ctx, first); err != nil {
		return err
	}
	return d.wire(platform.Counters{Logins: 1, Resources: 1})
}

// rotate changes the password, and lets a process go on with the old one.
func (d *demonstration) rotate(ctx context.Context, first *session.Client, right session.CredentialSaver) error {
	if _, err := first.ResetPassword(ctx); err != nil {
		return err
	}
	saved, err := right.Load(ctx)
	if err != nil {
		return err
	}
	if saved.Password.Reveal() != d.platform.Password(demoUser) || saved.Password.Reveal() == demoPassword {
		return errors.New("the saved password is not the platform's")
	}
	d.say("the new password is saved (and not shown): it is the one that the platform has in force")
	old, err := d.process(session.StaticCredentials(demoUser, demoPassword))
	if err != nil {
		return err
	}
	_, err = old.Login(ctx)
	if closing := old.Close(); closing != nil {
		return closing
	}
	if !errors.Is(err, session.ErrLatched) {
		return fmt.Errorf("the old password: %w", err)
	}
	d.say("with the old one: %s", strings.TrimPrefix(oneLine(err.Error()), "thingspace: "))
	if _, err := first.Login(ctx); err != nil {
		return err
	}
	d.say("with the new one: logged in; strikes: %d of 5 on the platform", d.platform.Counters().Strikes)
	if n := d.platform.Counters().Strikes; n != 0 {
		return fmt.Errorf("%d strikes", n)
	}
	return d.wire(platform.Counters{Resets: 1, Logins: 1})
}

// call asks for the account once, and checks the answer.
func (d *demonstration) call(ctx context.Context, c *session.Client) error {
	status, err := get(ctx, c, d.baseURL)
	if err != nil {
		return err
	}
	d.say("GET /m2m/v1/accounts/%s -> %d %s", demoAccount, status, http.StatusText(status))
	return nil
}

// callMany does so many times at once, and requires every one to work.
func (d *demonstration) callMany(ctx context.Context, c *session.Client) error {
	var group sync.WaitGroup
	failed := make([]error, burst)
	for i := range burst {
		group.Go(func() { _, failed[i] = get(ctx, c, d.baseURL) })
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	d.say("%d times GET /m2m/v1/accounts/%s -> 200 OK", burst, demoAccount)
	return nil
}

func get(ctx context.Context, c *session.Client, baseURL string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, baseURL+"/m2m/v1/accounts/"+demoAccount, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return 0, withoutURL(err)
	}
	if err := resp.Body.Close(); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, fmt.Errorf("the platform answered %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}

func (d *demonstration) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, "     "+format+"\n", args...)
}

// wire says what the step has put on the wire, and compares it with what it should have.
func (d *demonstration) wire(want platform.Counters) error {
	after, before := d.platform.Counters(), d.before
	var said []string
	wrong := false
	for _, c := range []struct {
		noun      string
		got, want int
	}{
		{"bearer request", after.OAuth - before.OAuth, want.OAuth},
		{"login", after.Logins - before.Logins, want.Logins},
		{"request", after.Resources - before.Resources, want.Resources},
		{"password reset", after.Resets - before.Resets, want.Resets},
		{"logout", after.Logouts - before.Logouts, want.Logouts},
		{"stray request", after.Elsewhere + after.Revokes - before.Elsewhere - before.Revokes, 0},
	} {
		if c.got != 0 {
			said = append(said, count(c.got, c.noun))
		}
		wrong = wrong || c.got != c.want
	}
	if len(said) == 0 {
		said = []string{"nothing"}
	}
	d.say("on the wire: %s", strings.Join(said, ", "))
	if wrong {
		return errors.New("that is not what should be on the wire")
	}
	return nil
}

func indent(text string) string { return "   " + strings.ReplaceAll(text, "\n", "\n   ") }
