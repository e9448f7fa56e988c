package clientfuzz

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"iot.internal/thingspace/session"
)

// operation is what a caller does.
type operation func(ctx context.Context, p *process) error

func opToken(ctx context.Context, p *process) error {
	token, err := p.client.Token(ctx)
	if err == nil {
		p.w.given(token)
	}
	return err
}

func opLogin(ctx context.Context, p *process) error {
	p.w.upheaval()
	token, err := p.client.Login(ctx)
	if err == nil {
		p.w.given(token)
	}
	return err
}

func opRenew(ctx context.Context, p *process) error {
	p.w.upheaval()
	p.w.mu.Lock()
	last := p.w.last
	p.w.mu.Unlock()
	token, err := p.client.Renew(ctx, last)
	if err == nil {
		if last != (session.Token{}) && token.Reveal() == last.Reveal() {
			p.w.problem("renew: the refused token came back")
		}
		p.w.given(token)
	}
	return err
}

func opLogout(ctx context.Context, p *process) error {
	p.w.upheaval()
	return p.client.Logout(ctx)
}

func opReset(ctx context.Context, p *process) error {
	p.w.upheaval()
	fresh, err := p.client.ResetPassword(ctx)
	var lost *session.RotationError
	switch {
	case errors.As(err, &lost):
		fresh = lost.NewPassword()
	case err != nil:
		return err
	}
	if fresh.Reveal() == "" {
		p.w.problem("G4: a reset returns an empty password")
	}
	if !p.isDead() {
		p.w.mu.Lock()
		p.w.handedOut[fresh.Reveal()] = true
		p.w.mu.Unlock()
	}
	p.w.learn(fresh.Reveal())
	return err
}

func opStatus(ctx context.Context, p *process) error {
	_, err := p.client.Status(ctx)
	return err
}

func opRequest(ctx context.Context, p *process) error { return p.ask(ctx, http.MethodGet, "") }

func opPost(ctx context.Context, p *process) error {
	return p.ask(ctx, http.MethodPost, `{"devices":[1,2,3]}`)
}

func (p *process) ask(ctx context.Context, method, body string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // the client sets no limit for what a resource takes
	defer cancel()
	url := p.w.platform.BaseURL() + "/m2m/v1/accounts/" + p.w.platform.Account()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := p.client.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	for name := range resp.Request.Header {
		if strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "VZ-M2M-Token") {
			p.w.problem("secret: the response's request holds %s", name)
		}
	}
	if resp.StatusCode >= http.StatusBadRequest && (method == http.MethodGet || resp.StatusCode != http.StatusMethodNotAllowed) {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

func (w *world) given(token session.Token) {
	if token.Reveal() == "" {
		w.problem("token: an empty one was returned")
	}
	w.learn(token.Reveal())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = token
}

// upheaval is a session ended, or replaced, on purpose.
func (w *world) upheaval() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.upheavals++
	w.refreshes++
}

const (
	maxRunning = 64
	// forEver is more than any operation may take, without a limit of its caller's.
	forEver = 30 * time.Minute
	// aMoment is what may pass between the end of a caller's patience and his release where he waits
	// for the store himself.
	aMoment = 20 * time.Second
)

// start begins an operation and looks at how it ends. limit 0 is no limit.
func (w *world) start(p *process, name string, limit time.Duration, op operation) {
	w.mu.Lock()
	if w.running >= maxRunning {
		w.mu.Unlock()
		return
	}
	w.running++
	upheavals := w.upheavals
	w.mu.Unlock()
	stopped := p.pauses()
	calm := !w.isDisturbed() && limit == 0
	go func() {
		ctx := context.Background()
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		began := time.Now()
		err := op(ctx, p)
		took := time.Since(began)
		w.mu.Lock()
		w.running--
		upheld := w.upheavals != upheavals
		w.mu.Unlock()
		w.judgeError(name, err)
		if !p.undisturbed(stopped) {
			return
		}
		late := forEver
		if limit > 0 {
			late = limit
			if name == "logout" || name == "status" {
				late += aMoment
			}
		}
		if took > late {
			w.problem("G5 nobody waits for nothing: %s of %s took %s", name, p, took)
		}
		if resource := name == "request" || name == "requests" || name == "token" || name == "tokens" || name == "post"; err != nil && calm && resource && !upheld && !w.isDisturbed() {
			w.problem("G3 no request fails: nothing is wrong, and %s of %s ends with %v", name, p, err)
		}
	}()
}

// disturb notes that from now on requests may fail.
func (w *world) disturb() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disturbed = true
}

func (w *world) isDisturbed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.disturbed
}

// judgeError looks at a failure: it is typed, and says no secret.
func (w *world) judgeError(name string, err error) {
	if err == nil {
		return
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if w.betrays(text) {
			w.problem("secret: the error of a %s holds one: %s", name, text)
		}
	}
	var typed *session.Error
	var rotation *session.RotationError
	switch name {
	case "request", "requests", "post":
	default:
		if !errors.As(err, &typed) && !errors.As(err, &rotation) {
			w.problem("typed: the error of a %s is %T: %v", name, err, err)
		}
	}
}
