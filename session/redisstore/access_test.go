//go:build unix

package redisstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/storetest"
)

// rights are those of the package documentation.
const rights = "resetkeys ~thingspace:* resetchannels &thingspace:* -@all " +
	"+hmget +hset +hdel +evalsha +eval +time +publish +subscribe +unsubscribe +ping " +
	"+info +config|get"

const password = "s3cret:/#@%"

// shortly is a time limit for what does not answer.
const shortly = 300 * time.Millisecond

func TestSmallestUserKeepsEveryLaw(t *testing.T) {
	server := redistest.Start(t, append([]string{"user", "default off", "user", "thingspace on >" + password + " " + rights}, redistest.Safe...)...)
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		return func() session.Store {
			return open(t, strings.Replace(server.URL(), "//", "//thingspace@", 1), redisstore.WithPassword(session.NewSecret(password)))
		}
	})
}

func TestDocumentedRightsAreTheTestedOnes(t *testing.T) {
	doc := packageDoc(t)
	for right := range strings.FieldsSeq(rights) {
		if !strings.Contains(doc, right) {
			t.Errorf("the package documentation does not name %s", right)
		}
	}
}

func TestEveryRightIsNeeded(t *testing.T) {
	for right := range strings.FieldsSeq(rights) {
		if !strings.HasPrefix(right, "+") {
			continue
		}
		t.Run(right, func(t *testing.T) {
			t.Parallel()
			fewer := strings.ReplaceAll(rights+" ", right+" ", "")
			server := redistest.Start(t, append([]string{"user", "default on nopass +@all ~* &*", "user", "thingspace on >pw " + fewer}, redistest.Safe...)...)
			store, err := redisstore.New(t.Context(), "redis://thingspace:pw@"+server.Addr())
			if err == nil {
				key := someKey()
				_, err = store.Swap(t.Context(), key, nil, []byte("x"))
				if err == nil {
					_, err = store.Load(t.Context(), key)
				}
				if err == nil {
					_, err = store.Swap(t.Context(), key, []byte("x"), nil)
				}
				if err == nil {
					ctx, cancel := context.WithCancel(t.Context())
					_, err = store.Watch(ctx, key)
					cancel()
				}
				if closing := store.Close(); closing != nil {
					t.Error(closing)
				}
			}
			switch right {
			case "+info":
				if !errors.Is(err, redisstore.ErrUnsafe) {
					t.Errorf("without %s: %v", right, err)
				}
			case "+config|get":
				if err != nil { // there is an append-only file: only appendfsync is not known
					t.Errorf("without %s: %v", right, err)
				}
			case "+unsubscribe", "+ping":
				if err != nil { // leaving a channel is a courtesy, and the library sends a PING behind it
					t.Errorf("without %s: %v", right, err)
				}
			default:
				if !errors.Is(err, redisstore.ErrDenied) {
					t.Errorf("without %s: %v", right, err)
				}
			}
		})
	}
}

func TestWrongPasswordIsDenied(t *testing.T) {
	server := redistest.Start(t, append([]string{"requirepass", password}, redistest.Safe...)...)
	for name, options := range map[string][]redisstore.Option{
		"none":  nil,
		"wrong": {redisstore.WithPassword(session.NewSecret("wr0ng"))},
	} {
		_, err := redisstore.New(t.Context(), server.URL(), options...)
		if !errors.Is(err, redisstore.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "wr0ng") {
			t.Errorf("the password is printed: %+v", err)
		}
	}
	open(t, server.URL(), redisstore.WithPassword(session.NewSecret(password)))
	open(t, "redis://:s3cret%3A%2F%23%40%25@"+server.Addr())
}

func TestPasswordThatChangesIsReadAgain(t *testing.T) {
	server := redistest.Start(t, append([]string{"requirepass", "old"}, redistest.Safe...)...)
	source := &changing{password: "old"}
	store, key := open(t, server.URL(), redisstore.WithCredentials(source)), someKey()
	mustSwap(t, store, key, "", "one")

	change := func(to string) {
		t.Helper()
		server.Kill()
		server.Reconfigure(append([]string{"requirepass", to}, redistest.Safe...)...)
	}
	change("new")
	if _, err := store.Load(t.Context(), key); !errors.Is(err, redisstore.ErrDenied) {
		t.Fatalf("Load: %v", err)
	}
	source.set("new")
	mustHold(t, store, key, "one")

	source.fail(errors.New("no such file"))
	mustHold(t, store, key, "one") // it is connected
	server.Kill()
	server.Restart()
	if _, err := store.Load(t.Context(), key); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Fatalf("Load: %v", err)
	}
	source.fail(nil)
	mustHold(t, store, key, "one")
}

// changing is a credential source whose password a test changes.
type changing struct {
	mu       sync.Mutex
	password string
	err      error
}

func (c *changing) set(p string)   { c.mu.Lock(); defer c.mu.Unlock(); c.password = p }
func (c *changing) fail(err error) { c.mu.Lock(); defer c.mu.Unlock(); c.err = err }
func (c *changing) Load(context.Context) (session.Credentials, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return session.Credentials{Password: session.NewSecret(c.password)}, c.err
}

func TestStoreAndItsErrorsPrintNoSecret(t *testing.T) {
	server := redistest.Start(t, append([]string{"user", "default off", "user", "nobody on >s3cret " + rights}, redistest.Safe...)...)
	url := "redis://nobody:s3cret@" + server.Addr()
	store := open(t, url)
	printed := fmt.Sprintf("%v %+v %#v %s %v", store, store, store, store, *store.Self())
	server.Kill()
	for _, use := range []func() error{
		func() error { _, err := store.Load(t.Context(), someKey()); return err },
		func() error { _, err := store.Swap(t.Context(), someKey(), nil, []byte("x")); return err },
		func() error { _, err := store.Watch(t.Context(), someKey()); return err },
		func() error { _, err := redisstore.New(t.Context(), url); return err },
		func() error { _, err := redisstore.New(t.Context(), url+"/x"); return err },
		func() error {
			_, err := redisstore.New(t.Context(), url, redisstore.WithPassword(session.NewSecret("s3cret")))
			return err
		},
	} {
		err := use()
		if err == nil {
			t.Fatal("no error")
		}
		for ; err != nil; err = errors.Unwrap(err) {
			printed += fmt.Sprintf("\n%v %+v %#v", err, err, err)
		}
	}
	for _, secret := range []string{"s3cret", "nobody"} {
		if strings.Contains(printed, secret) {
			t.Errorf("%q is printed:\n%s", secret, printed)
		}
	}
}

func TestTLSVerifiesTheServer(t *testing.T) {
	authority := newAuthority(t)
	directory := t.TempDir()
	certificate, key := authority.issue(t, directory, "server", "127.0.0.1")
	server := redistest.Start(t, append([]string{
		"tls-port", "0", "tls-cert-file", certificate, "tls-key-file", key, "tls-ca-cert-file", authority.file, "tls-auth-clients", "no",
	}, redistest.Safe...)...)
	url := "rediss://" + server.Addr()

	var unknown x509.UnknownAuthorityError
	if _, err := redisstore.New(t.Context(), url); !errors.As(err, &unknown) {
		t.Fatalf("an unknown authority: %v", err)
	}
	trust := redisstore.WithTLS(&tls.Config{RootCAs: authority.pool})
	var name x509.HostnameError
	if _, err := redisstore.New(t.Context(), strings.Replace(url, "127.0.0.1", "localhost", 1), trust); !errors.As(err, &name) {
		t.Fatalf("another name: %v", err)
	}
	store, record := open(t, url, trust), someKey()
	mustSwap(t, store, record, "", "one")
	mustHold(t, store, record, "one")
	if has(store.Findings(), redisstore.Plaintext) {
		t.Error("it is said not to be encrypted")
	}
	if _, err := redisstore.New(t.Context(), server.URL(), redisstore.WithTimeout(shortly)); err == nil {
		t.Fatal("a TLS port answers in plain text")
	}
	if _, err := redisstore.New(t.Context(), server.URL(), trust); err == nil || !strings.Contains(err.Error(), "rediss://") {
		t.Fatalf("TLS was configured, and redis:// is taken: %v", err)
	}
}

func TestTLSWithAClientCertificate(t *testing.T) {
	authority := newAuthority(t)
	directory := t.TempDir()
	certificate, key := authority.issue(t, directory, "server", "127.0.0.1")
	server := redistest.Start(t, append([]string{
		"tls-port", "0", "tls-cert-file", certificate, "tls-key-file", key, "tls-ca-cert-file", authority.file, "tls-auth-clients", "yes",
	}, redistest.Safe...)...)
	url := "rediss://" + server.Addr()
	if _, err := redisstore.New(t.Context(), url, redisstore.WithTLS(&tls.Config{RootCAs: authority.pool})); err == nil {
		t.Fatal("no client certificate was needed")
	}
	mine, err := tls.LoadX509KeyPair(authority.issue(t, directory, "client", "client"))
	if err != nil {
		t.Fatal(err)
	}
	open(t, url, redisstore.WithTLS(&tls.Config{RootCAs: authority.pool, Certificates: []tls.Certificate{mine}}))
}

func TestSocketOfThisMachine(t *testing.T) {
	server := redistest.Start(t, append([]string{"port", "0"}, redistest.Safe...)...)
	store, key := open(t, "unix://"+server.Socket()), someKey()
	mustSwap(t, store, key, "", "one")
	other := open(t, "unix://"+server.Socket()+"?db=1")
	mustHold(t, other, key, "")
	mustHold(t, store, key, "one")
}

func TestDatabasesAndPrefixesAreApart(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	key := someKey()
	for i, store := range []*redisstore.Store{
		open(t, server.URL()), open(t, server.URL()+"/1"), open(t, server.URL()+"/?prefix=other:"), open(t, server.URL(), redisstore.WithPrefix("third:")),
	} {
		mustSwap(t, store, key, "", fmt.Sprint(i))
		mustHold(t, store, key, fmt.Sprint(i))
	}
}

func TestServerThatWouldForgetIsRefusedWhenOpened(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	for name, c := range map[string]struct {
		config []string
		risk   redisstore.Risk
	}{
		"eviction":      {[]string{"maxmemory", "100mb", "maxmemory-policy", "allkeys-lru"}, redisstore.Eviction},
		"no disk":       {[]string{"appendonly", "no", "save", ""}, redisstore.Volatile},
		"only snapshot": {[]string{"appendonly", "no", "save", "3600 1"}, redisstore.Snapshots},
	} {
		t.Run(name, func(t *testing.T) {
			set := func(directives []string) {
				for i := 0; i < len(directives); i += 2 {
					server.MustDo("CONFIG", "SET", directives[i], directives[i+1])
				}
			}
			set(c.config)
			defer set([]string{"maxmemory", "0", "maxmemory-policy", "noeviction", "appendonly", "yes", "save", ""})
			_, err := redisstore.New(t.Context(), server.URL())
			var unsafe *redisstore.UnsafeError
			if !errors.As(err, &unsafe) || len(unsafe.Findings) != 1 || unsafe.Findings[0].Risk != c.risk {
				t.Fatalf("New: %v", err)
			}
			store := open(t, server.URL()+"/?accept="+string(c.risk))
			if !has(store.Findings(), c.risk) {
				t.Errorf("what was accepted is not told: %v", store.Findings())
			}
			open(t, server.URL(), redisstore.Accept(c.risk))
		})
	}
	if found := open(t, server.URL()).Findings(); len(found) != 0 {
		t.Errorf("a safe server: %v", found)
	}
	server.MustDo("CONFIG", "SET", "appendfsync", "everysec")
	if found := open(t, server.URL()).Findings(); !has(found, redisstore.LastSecond) {
		t.Errorf("everysec: %v", found)
	}
}

func TestServerThatDoesNotSayIsRefusedUnlessAccepted(t *testing.T) {
	silent := strings.NewReplacer("+info", "", "+config|get", "").Replace(rights)
	server := redistest.Start(t, append([]string{"user", "thingspace on >pw " + silent}, redistest.Safe...)...)
	url := "redis://thingspace:pw@" + server.Addr()
	if _, err := redisstore.New(t.Context(), url); !errors.Is(err, redisstore.ErrUnsafe) || !strings.Contains(err.Error(), "INFO") {
		t.Fatalf("New: %v", err)
	}
	store, key := open(t, url, redisstore.Accept(redisstore.Unchecked)), someKey()
	mustSwap(t, store, key, "", "one")
	// As a service has it that renames CONFIG away.
	renamed := redistest.Start(t, "rename-command", "CONFIG x", "appendonly", "no", "save", "3600 1")
	if _, err := redisstore.New(t.Context(), renamed.URL()); !errors.Is(err, redisstore.ErrUnsafe) || !strings.Contains(err.Error(), "unchecked") {
		t.Fatalf("New: %v", err)
	}
	open(t, renamed.URL(), redisstore.Accept(redisstore.Unchecked))
}
