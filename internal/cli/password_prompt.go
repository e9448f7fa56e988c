package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"iot.internal/thingspace/session"
)

// withPassword runs f, which may log in. If it fails for want of a password and a person sits at a
// terminal, the person is asked and f runs again. Whether a login is needed is thus left to the
// session, which knows.
func (a *app) withPassword(ctx context.Context, s *opened, f func() error) error {
	err := f()
	if !s.credentials.wanting(err) {
		return err
	}
	password, asked := a.askPassword(ctx, s.credentials.given.username)
	if asked != nil {
		return asked
	}
	s.credentials.given.take(password)
	return f()
}

var errNoPassword = usage("set one of "+setPassword.env+", "+setPasswordFile.env+" and "+setCredentials.env,
	"a login is needed and there is no password")

// askPassword reads a password from the terminal without echo.
func (a *app) askPassword(ctx context.Context, username string) (session.Secret, error) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return session.Secret{}, errNoPassword
	}
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return session.Secret{}, fmt.Errorf("the terminal: %w", err)
	}
	_, _ = fmt.Fprintf(a.err, "Password of %s: ", username)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() { // stays behind, reading, if the command is interrupted
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		_, _ = fmt.Fprintln(a.err)
		if l.err != nil || len(l.text) == 0 {
			return session.Secret{}, usage("", "no password was typed; nothing was sent")
		}
		if err := plainText("the password", string(l.text)); err != nil {
			return session.Secret{}, err
		}
		return session.NewSecret(string(l.text)), nil
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		_, _ = fmt.Fprintln(a.err)
		return session.Secret{}, context.Cause(ctx)
	}
}

// confirm asks a person for a yes. Without a terminal there is nobody to ask.
func (a *app) confirm(ctx context.Context, question, orElse string) error {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return usage(orElse, "there is no terminal to ask on")
	}
	_, _ = fmt.Fprint(a.err, question)
	answer := make(chan string, 1)
	go func() {
		var word string
		if _, err := fmt.Fscanln(in, &word); errors.Is(err, io.EOF) {
			_, _ = fmt.Fprintln(a.err) // the end of input leaves the cursor behind the question
		}
		answer <- word
	}()
	select {
	case word := <-answer:
		if word != "yes" {
			return &failure{status: exitFailed, what: "not confirmed", todo: "nothing was changed", cause: errNotConfirmed}
		}
		return nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(a.err)
		return context.Cause(ctx)
	}
}

var errNotConfirmed = errors.New("not confirmed")
