package cli

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"iot.internal/thingspace/session"
)

func TestEveryMakeTargetThatAPageNamesExists(t *testing.T) {
	makefile := page(t, "Makefile")
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatal(pages, err)
	}
	names := []string{"README.md"}
	for _, p := range pages {
		names = append(names, "docs/"+filepath.Base(p))
	}
	found := 0
	for _, name := range names {
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z][a-z-]*)(?:`| +[A-Z]+=| +#|$)").FindAllStringSubmatch(page(t, name), -1) {
			found++
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s", name, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d targets found", found)
	}
}

func TestThePageForOperationsHasTheWordsOnTheScreen(t *testing.T) {
	text := page(t, "docs/operations.md")
	for words, value := range map[string]string{
		passwordWords(session.Status{Password: session.PasswordRefused}):            `"password": "refused"`,
		passwordWords(session.Status{Password: session.PasswordRetired}):            `"password": "retired"`,
		rotationWords(session.Status{Rotation: session.RotationUnknown}, statusNow): `"rotation": "unknown"`,
		rotationWords(session.Status{Rotation: session.RotationSaving}, statusNow):  `"rotation": "saving"`,
		neverEnded: `"rotation": "sending"`,
	} {
		if !strings.Contains(text, words) || !strings.Contains(text, value) {
			t.Errorf("not on the page: %s (%s)", words, value)
		}
	}
}
