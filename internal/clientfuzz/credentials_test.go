package clientfuzz

import (
	"context"
	"errors"
	"fmt"

	"iot.internal/thingspace/session"
)

// source is the credential source as a process sees it: all share one, like a file on one host.
type source struct{ p *process }

func (s source) Load(ctx context.Context) (c session.Credentials, err error) {
	if err := s.p.enter(); err != nil {
		return c, err
	}
	c, err = s.p.w.platform.Credentials().Load(ctx)
	if gone := s.p.leave(); gone != nil {
		return session.Credentials{}, gone
	}
	return c, err
}

func (s source) Save(ctx context.Context, c session.Credentials) error {
	return s.change(ctx, func() error { return s.p.w.platform.Credentials().Save(ctx, c) })
}

func (s source) change(ctx context.Context, save func() error) error {
	if err := s.p.enter(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := save()
	if gone := s.p.leave(); gone != nil {
		return gone
	}
	return err
}

// comparing is a source that can compare before it saves, as a file under a lock can.
type comparing struct{ source }

func (c comparing) SwapCredentials(ctx context.Context, old, next session.Credentials) (swapped bool, err error) {
	err = c.change(ctx, func() error {
		c.p.w.comparing.Lock()
		defer c.p.w.comparing.Unlock()
		held := c.p.w.platform.Credentials()
		if held.Password() != old.Password.Reveal() {
			return nil
		}
		swapped = true
		return held.Save(ctx, next)
	})
	return swapped && err == nil, err
}

func (p *process) credentials() session.CredentialSource {
	s := source{p}
	if p.w.plain {
		return s
	}
	return comparing{s}
}

func credentialsFail(w *world, s step) string {
	c := w.platform.Credentials()
	w.disturb()
	switch s.a % 6 {
	case 0:
		c.FailLoad(errors.New("no such file"))
		return "credentials cannot be read"
	case 1:
		c.FailSave(int(s.b%3), errors.New("no space left"))
		return fmt.Sprintf("credentials cannot be saved after %d more times", s.b%3)
	case 2:
		c.LoseSaves(true)
		return "saved credentials are lost"
	}
	w.healCredentials()
	return "credentials can be read and saved"
}

func (w *world) healCredentials() {
	c := w.platform.Credentials()
	c.FailLoad(nil)
	c.FailSave(0, nil)
	c.LoseSaves(false)
}
