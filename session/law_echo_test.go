package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// through changes what a transport does.
type through struct {
	http.RoundTripper
	do func(req *http.Request, next http.RoundTripper) (*http.Response, error)
}

func (t through) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.do(req, t.RoundTripper)
}

func TestG6AnErrorOfTheTransportThatEchoesShowsNoSecret(t *testing.T) {
	virtually(t, func(t *testing.T) {
		const password = `IM"gr8`
		p := sessiontest.New(t, sessiontest.WithUser("zbeeblebrox", password))
		for _, path := range []string{"/oauth2/token", "/session/login", "/accounts/"} {
			secrets := []string{
				sessiontest.DefaultSecret, password, `IM\"gr8`,
				base64.StdEncoding.EncodeToString([]byte(sessiontest.DefaultKey + ":" + sessiontest.DefaultSecret)),
			}
			cfg := p.Config()
			cfg.Store = session.NewMemoryStore()
			cfg.Transport = through{p.Transport(), func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				if !strings.Contains(req.URL.Path, path) {
					return next.RoundTrip(req)
				}
				var body []byte
				if req.Body != nil {
					body, _ = io.ReadAll(req.Body)
				}
				if h := req.Header.Get("Vz-M2m-Token"); h != "" {
					secrets = append(secrets, h, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
				}
				return nil, fmt.Errorf("malformed HTTP response %q, %q", req.Header, body)
			}}
			resp, err := mustClient(t, cfg).HTTPClient().Get(p.BaseURL() + "/m2m/v1/accounts/" + p.Account())
			if err == nil {
				_ = resp.Body.Close()
				t.Fatalf("%s: no error", path)
			}
			for _, s := range secrets {
				if strings.Contains(err.Error(), s) {
					t.Errorf("%s: the error shows %s", path, s)
				}
			}
		}
	})
}

// failing is a source whose writes fail as fail says.
type failing struct {
	swapping
	fail func(session.Credentials) error
}

func (f failing) SwapCredentials(ctx context.Context, old, next session.Credentials) (bool, error) {
	if err := f.fail(next); err != nil {
		return false, err
	}
	return f.swapping.SwapCredentials(ctx, old, next)
}

func TestG6AnErrorOfSavingThatEchoesShowsNoPassword(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		var mu sync.Mutex
		cfg := p.Config()
		errVault := errors.New("vault")
		cfg.Credentials = failing{swapping{p.Credentials(), &mu, nil}, func(c session.Credentials) error {
			if p.Counters().ResetsDone == 0 {
				return nil
			}
			return fmt.Errorf("%w: PUT /secret?password=%s", errVault, c.Password.Reveal())
		}}
		_, err := mustClient(t, cfg).ResetPassword(t.Context())
		wantIs(t, err, errVault)
		if strings.Contains(err.Error(), p.Password()) {
			t.Error("the error shows the new password")
		}
	})
}

func TestG1ARefusedPasswordThatIsAWordOfTheAnswerIsLatched(t *testing.T) {
	virtually(t, func(t *testing.T) {
		for _, word := range []string{"errorCode", "Service", `"`, "400"} {
			p := sessiontest.New(t)
			p.Credentials().Set(p.Username(), word)
			c := p.Client(t)
			_, err := c.Token(t.Context())
			wantIs(t, err, session.ErrCredentialsRefused)
			_, err = c.Token(t.Context())
			wantIs(t, err, session.ErrLatched)
		}
	})
}
