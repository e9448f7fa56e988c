package reference

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheStaticPageIsWholeAndSendsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	for range 2 { // into a new directory, and over what is there
		if err := Site(dir); err != nil {
			t.Fatal(err)
		}
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"page.css", "page.js", "swagger-ui.css", "swagger-ui-bundle.js", "openapi.yaml", "icon.svg", "licenses.txt"} {
		if !bytes.Contains(index, []byte(`"`+name+`"`)) {
			t.Errorf("the page does not mention %s", name)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !bytes.Contains(index, []byte(`http-equiv="Content-Security-Policy" content="default-src 'none'; `)) || !bytes.Contains(index, []byte("connect-src 'none'")) {
		t.Error("no policy, or one that lets the page send something")
	}
	if len(told(t, index)) != 0 {
		t.Error("the static page has a console")
	}
}

func TestAStaticPageThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Site(filepath.Join(file, "site")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}
