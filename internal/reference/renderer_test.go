package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// That renderer.json has the checksums of the published package is what make renderer-check compares.
func TestTheRendererIsThePinnedOne(t *testing.T) {
	m, err := pinned()
	if err != nil {
		t.Fatal(err)
	}
	if m.Package == "" || m.Version == "" || m.License != "Apache-2.0" || !strings.HasPrefix(m.Integrity, "sha512-") {
		t.Errorf("%+v", m)
	}
	kept := map[string]string{
		"swagger-ui-bundle.js": "swagger-ui-bundle.js.gz", "swagger-ui.css": "swagger-ui.css.gz", "LICENSE": "LICENSE.txt",
		"NOTICE": "NOTICE.txt", "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
	}
	if len(m.Files) != len(kept) {
		t.Errorf("%d checksums for %d files", len(m.Files), len(kept))
	}
	for name, file := range kept {
		text, err := renderer.ReadFile("renderer/" + file)
		if err == nil && strings.HasSuffix(file, ".gz") {
			text, err = gunzip(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != m.Files[name] {
			t.Errorf("%s is not what renderer.json pins", file)
		}
	}
}

func TestTheLicencesAreHandedOn(t *testing.T) {
	text := string(body(t, get(t, page(t), "/licenses.txt", nil)))
	for _, part := range []string{"Apache License", "SmartBear Software Inc.", "MIT"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q", part)
		}
	}
}
