package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"iot.internal/thingspace/internal/flock"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

const documented = `{"username": "zbeeblebrox", "password": "IMgr8"}`

func credentialsAt(t *testing.T, content string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	writeFile(t, path, content, mode)
	return path
}

func loadsAs(t *testing.T, path, username, password string) {
	t.Helper()
	got, err := filestore.Credentials(path).Load(t.Context())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if got.Username != username || got.Password.Reveal() != password {
		t.Fatalf("Load = %q, %q, want %q, %q", got.Username, got.Password.Reveal(), username, password)
	}
}

func save(t *testing.T, path, username, password string) error {
	t.Helper()
	return filestore.Credentials(path).Save(t.Context(), session.Credentials{Username: username, Password: session.NewSecret(password)})
}

func saveCredentials(t *testing.T, path, username, password string) {
	t.Helper()
	if err := save(t, path, username, password); err != nil {
		t.Fatalf("Save: %v", err)
	}
	loadsAs(t, path, username, password)
}

func TestCredentialsAreReadWhateverEditorWroteThem(t *testing.T) {
	for name, content := range map[string]string{
		"plain":          documented,
		"final newline":  documented + "\n",
		"CRLF":           "{\r\n\"username\": \"zbeeblebrox\",\r\n\"password\": \"IMgr8\"\r\n}\r\n",
		"byte order":     "\xef\xbb\xbf" + documented,
		"escapes":        `{"user\u006eame": "zbeeblebrox", "password": "IMg\u0072\u0038"}`,
		"other order":    `{"password": "IMgr8", "username": "zbeeblebrox"}`,
		"unknown fields": `{"note": {"a": [1, {"a": 2}]}, "username": "zbeeblebrox", "n": 1e400, "password": "IMgr8", "Password": "other", "": null}`,
	} {
		t.Run(name, func(t *testing.T) { loadsAs(t, credentialsAt(t, content, 0o600), "zbeeblebrox", "IMgr8") })
	}
	loadsAs(t, credentialsAt(t, `{"username": "ä日", "password": " \"\\/\u00e4\ud83d\ude00 "}`, 0o600), "ä日", " \"\\/ä😀 ")
}

func TestMalformedCredentialsAreRefusedWithoutQuotingThem(t *testing.T) {
	for name, content := range map[string]string{
		"empty":                    "",
		"space":                    " \n",
		"no JSON":                  "zbeeblebrox:Wh0a1545a84d",
		"a string":                 `"Wh0a1545a84d"`,
		"an array":                 `["zbeeblebrox", "Wh0a1545a84d"]`,
		"null":                     "null",
		"cut short":                `{"username": "zbeeblebrox", "password": "Wh0a1545a84d`,
		"cut after the value":      `{"username": "zbeeblebrox", "password": "Wh0a1545a84d"`,
		"no quotes":                `{"username": "zbeeblebrox", "password": Wh0a1545a84d}`,
		"a control character":      "{\"username\": \"zbeeblebrox\", \"password\": \"Wh0a1545a84d\n\"}",
		"a comma too many":         `{"username": "zbeeblebrox", "password": "Wh0a1545a84d",}`,
		"two objects":              documented + documented,
		"something after":          documented + "Wh0a1545a84d",
		"a number as a name":       `{1: "Wh0a1545a84d"}`,
		"no username":              `{"password": "Wh0a1545a84d"}`,
		"no password":              `{"username": "zbeeblebrox"}`,
		"capital names":            `{"Username": "zbeeblebrox", "Password": "Wh0a1545a84d"}`,
		"username null":            `{"username": null, "password": "Wh0a1545a84d"}`,
		"password null":            `{"username": "zbeeblebrox", "password": null}`,
		"password a number":        `{"username": "zbeeblebrox", "password": 1545}`,
		"username an object":       `{"username": {"a": "zbeeblebrox"}, "password": "Wh0a1545a84d"}`,
		"username blank":           `{"username": " \t", "password": "Wh0a1545a84d"}`,
		"username empty":           `{"username": "", "password": "Wh0a1545a84d"}`,
		"password blank":           `{"username": "zbeeblebrox", "password": "\u00a0 "}`,
		"password empty":           `{"username": "zbeeblebrox", "password": ""}`,
		"username twice":           `{"username": "zbeeblebrox", "username": "zbeeblebrox", "password": "Wh0a1545a84d"}`,
		"password twice":           `{"username": "zbeeblebrox", "password": "IMgr8", "password": "Wh0a1545a84d"}`,
		"password twice, escaped":  `{"username": "zbeeblebrox", "password": "IMgr8", "p\u0061ssword": "Wh0a1545a84d"}`,
		"another field twice":      `{"username": "zbeeblebrox", "password": "Wh0a1545a84d", "a": 1, "a": 1}`,
		"not UTF-8":                "{\"username\": \"zbeeblebrox\", \"password\": \"Wh0a1545a84d\xff\"}",
		"not UTF-8 anywhere":       "{\"username\": \"zbeeblebrox\", \"password\": \"Wh0a1545a84d\", \"a\": \"\xc3\"}",
		"UTF-16":                   "\xff\xfe{\x00\"\x00u\x00",
		"half a surrogate":         `{"username": "zbeeblebrox", "password": "Wh0a1545a84d\ud800"}`,
		"the replacement of bytes": "{\"username\": \"zbeeblebrox\", \"password\": \"Wh0a1545a84d\ufffd\"}",
		"nested without end":       `{"a": ` + strings.Repeat("[", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			path := credentialsAt(t, content, 0o600)
			_, err := filestore.Credentials(path).Load(t.Context())
			if !errors.Is(err, filestore.ErrMalformed) {
				t.Fatalf("Load: %v", err)
			}
			text := err.Error()
			for _, secret := range []string{"Wh0a", "1545", "IMgr8", "zbee", "invalid character"} {
				if strings.Contains(strings.ReplaceAll(text, path, ""), secret) {
					t.Errorf("the error quotes the file: %s", text)
				}
			}
			if !strings.Contains(text, path) || strings.Contains(text, "\n") {
				t.Errorf("the error is not one line that names the file: %s", text)
			}
		})
	}
}

func TestCredentialsThatOthersMayReachAreRefused(t *testing.T) {
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o660, 0o666, 0o620, 0o610, 0o601, 0o777, 0o444} {
		path := credentialsAt(t, documented, mode)
		_, err := filestore.Credentials(path).Load(t.Context())
		if !errors.Is(err, filestore.ErrInsecure) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400, 0o700} {
		loadsAs(t, credentialsAt(t, documented, mode), "zbeeblebrox", "IMgr8")
	}
}

func TestSaveMakesTheFilePrivate(t *testing.T) {
	path := credentialsAt(t, documented, 0o644)
	saveCredentials(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestCredentialsThatAreNoBoundedRegularFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	large := credentialsAt(t, documented+strings.Repeat(" ", filestore.MaxCredentials), 0o600)
	for path, want := range map[string]error{
		filepath.Join(dir, "missing"): fs.ErrNotExist,
		dir:                           nil, // any
		large:                         filestore.ErrTooLarge,
	} {
		if _, err := filestore.Credentials(path).Load(t.Context()); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("Load %s: %v", path, err)
		}
	}
	if err := save(t, large, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, filestore.ErrTooLarge) {
		t.Errorf("Save: %v", err)
	}
	if err := save(t, dir, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("Save: %v", err)
	}
}

func TestSaveKeepsWhatIsNotItsOwn(t *testing.T) {
	path := credentialsAt(t, "\xef\xbb\xbf{\"z\":1.50,\"password\":\"IMgr8\",\r\n\"note\":{\"b\":[1,2],\"a\":\"<&>\\u00e4\"},\"username\":\"zbeeblebrox\",\"big\":12345678901234567890123}\r\n", 0o600)
	saveCredentials(t, path, "zbeeblebrox", `Wh0a"1545<&>a84d`)
	want := `{
  "z": 1.50,
  "password": "Wh0a\"1545<&>a84d",
  "note": {
    "b": [
      1,
      2
    ],
    "a": "<&>\u00e4"
  },
  "username": "zbeeblebrox",
  "big": 12345678901234567890123
}
`
	if got, err := os.ReadFile(path); string(got) != want || err != nil {
		t.Errorf("the file is\n%s%v, want\n%s", got, err, want)
	}
}

func TestSaveCreatesAMissingFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "credentials.json")
	saveCredentials(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if got := names(t, dir); !slices.Equal(got, []string{".credentials.json.lock", "credentials.json"}) {
		t.Errorf("the directory holds %q", got)
	}
	for _, name := range names(t, dir) {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	if err := save(t, filepath.Join(dir, "missing", "credentials.json"), "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Save in a missing directory: %v", err)
	}
}

func TestSaveReplacesWhatTheLinkLeadsToAndKeepsTheLink(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"conf", "data", "data/now"} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(top, "data", "now", "real.json")
	writeFile(t, target, documented, 0o600)
	link := filepath.Join(top, "conf", "credentials.json")
	for path, to := range map[string]string{
		filepath.Join(top, "data", "current"): "now",
		filepath.Join(top, "data", "middle"):  "current/real.json",
		link:                                  "../data/middle",
	} {
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	loadsAs(t, link, "zbeeblebrox", "IMgr8")
	saveCredentials(t, link, "zbeeblebrox", "Wh0a1545a84d")
	loadsAs(t, target, "zbeeblebrox", "Wh0a1545a84d")
	if to, err := os.Readlink(link); to != "../data/middle" || err != nil {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if got := names(t, filepath.Join(top, "conf")); !slices.Equal(got, []string{"credentials.json"}) {
		t.Errorf("beside the link: %q", got)
	}
	if info, err := os.Lstat(target); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestLinkThatLeadsNowhereIsAnError(t *testing.T) {
	top := t.TempDir()
	link := filepath.Join(top, "credentials.json")
	if err := os.Symlink(filepath.Join("unmounted", "credentials.json"), link); err != nil {
		t.Fatal(err)
	}
	if _, err := filestore.Credentials(link).Load(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load: %v", err)
	}
	if err := save(t, link, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Save: %v", err)
	}
	if got := names(t, top); !slices.Equal(got, []string{"credentials.json"}) {
		t.Errorf("the directory holds %q", got)
	}
}

// The path may name somebody's key or configuration by mistake.
func TestSaveDoesNotOverwriteWhatIsNoCredentialsFile(t *testing.T) {
	for _, content := range []string{"-----BEGIN PRIVATE KEY-----\n", "", "[]", documented + documented} {
		path := credentialsAt(t, content, 0o600)
		if err := save(t, path, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, filestore.ErrMalformed) {
			t.Errorf("Save: %v", err)
		}
		if got, err := os.ReadFile(path); string(got) != content || err != nil {
			t.Errorf("the file is %q, %v", got, err)
		}
	}
}

func TestSaveRespectsAFileMarkedReadOnly(t *testing.T) {
	path := credentialsAt(t, documented, 0o400)
	err := save(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if !errors.Is(err, filestore.ErrReadOnly) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"credentials.json"}) {
		t.Errorf("touched: %q", got)
	}
}

func TestSaveRefusesWhatItCouldNotReadBack(t *testing.T) {
	path := credentialsAt(t, documented, 0o600)
	for _, c := range [][2]string{
		{"", "Wh0a1545a84d"},
		{"zbeeblebrox", ""},
		{" ", "Wh0a1545a84d"},
		{"zbeeblebrox", "\t\n"},
		{"zbeeblebrox", "Wh0a1545a84d\xff"},
		{"z\xc3", "Wh0a1545a84d"},
	} {
		err := save(t, path, c[0], c[1])
		if !errors.Is(err, filestore.ErrMalformed) {
			t.Errorf("Save(%q, %q): %v", c[0], c[1], err)
		} else if strings.Contains(err.Error(), "Wh0a") {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
	if err := save(t, path, "zbeeblebrox", strings.Repeat("p", filestore.MaxCredentials)); !errors.Is(err, filestore.ErrTooLarge) {
		t.Errorf("Save of a large password: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
}

func TestEndedContextReadsAndSavesNothing(t *testing.T) {
	path := credentialsAt(t, documented, 0o600)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filestore.Credentials(path)
	if _, err := file.Load(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Load: %v", err)
	}
	if err := file.Save(ctx, session.Credentials{Username: "u", Password: session.NewSecret("p")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Save: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"credentials.json"}) {
		t.Errorf("touched: %q", got)
	}
}

func TestSavesExcludeEachOtherThroughLinksToo(t *testing.T) {
	path := credentialsAt(t, documented, 0o600)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	unlock, err := flock.MutexAt(filepath.Join(filepath.Dir(path), ".credentials.json.lock")).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		err := filestore.Credentials(name).Save(ctx, session.Credentials{Username: "u", Password: session.NewSecret("p")})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Save %s: %v", name, err)
		}
		loadsAs(t, name, "zbeeblebrox", "IMgr8") // readers do not wait
	}
	unlock()
	saveCredentials(t, link, "zbeeblebrox", "Wh0a1545a84d")
}

func TestConcurrentSavesAndLoadsSeeWholeCredentials(t *testing.T) {
	path := credentialsAt(t, `{"username":"zbeeblebrox0","password":"IMgr80","note":1}`, 0o600)
	children := []*child{start(t), start(t), start(t)}
	var wg sync.WaitGroup
	for i, c := range children {
		wg.Go(func() {
			for n := range 20 {
				id := fmt.Sprint(i*100 + n)
				if _, err := c.ask(t.Context(), request{Op: "save", Dir: path, User: "zbeeblebrox" + id, Passwrd: "IMgr8" + id}); err != nil {
					t.Errorf("Save: %v", err)
				}
				r, err := c.ask(t.Context(), request{Op: "read", Dir: path})
				username, password, _ := strings.Cut(string(r.Value), " ")
				if err != nil || strings.TrimPrefix(username, "zbeeblebrox") != strings.TrimPrefix(password, "IMgr8") {
					t.Errorf("Load = %q, %v", r.Value, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCredentialsAreSwappedOnlyForThoseThatAreThere(t *testing.T) {
	path := credentialsAt(t, `{"username": "zbeeblebrox", "password": "IMgr8", "note": "kept"}`, 0o600)
	swapper, ok := filestore.Credentials(path).(session.CredentialSwapper)
	if !ok {
		t.Fatal("the file cannot be swapped")
	}
	credentials := func(username, password string) session.Credentials {
		return session.Credentials{Username: username, Password: session.NewSecret(password)}
	}
	for _, other := range []session.Credentials{credentials("zbeeblebrox", "older"), credentials("trillian", "IMgr8"), {}} {
		swapped, err := swapper.SwapCredentials(t.Context(), other, credentials("zbeeblebrox", "mine"))
		if swapped || err != nil {
			t.Errorf("swapped %v, %v; want false, nil", swapped, err)
		}
		loadsAs(t, path, "zbeeblebrox", "IMgr8")
	}
	for _, next := range []string{"IMgr8", "Wh0a1545a84d"} {
		swapped, err := swapper.SwapCredentials(t.Context(), credentials("zbeeblebrox", "IMgr8"), credentials("zbeeblebrox", next))
		if !swapped || err != nil {
			t.Fatalf("swapped %v, %v; want true, nil", swapped, err)
		}
		loadsAs(t, path, "zbeeblebrox", next)
	}
	missing := filestore.Credentials(filepath.Join(t.TempDir(), "missing")).(session.CredentialSwapper)
	if swapped, err := missing.SwapCredentials(t.Context(), credentials("u", "p"), credentials("u", "q")); swapped || err != nil {
		t.Errorf("a missing file: swapped %v, %v; want false, nil", swapped, err)
	}
}
