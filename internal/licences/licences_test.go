package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mit = `MIT License

Copyright (c) 2026 Nobody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

const gplNotice = "\nThis program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.\n"

func TestOnlyLicencesThatMayBeUsedPass(t *testing.T) {
	for name, c := range map[string]struct {
		texts map[string]string
		ok    bool
	}{
		"MIT":                       {map[string]string{"LICENSE": mit}, true},
		"Go's":                      {map[string]string{"LICENSE": goLicence}, true},
		"none":                      {nil, false},
		"a notice only":             {map[string]string{"NOTICE": "Copyright"}, false},
		"an unknown text":           {map[string]string{"LICENSE": "Ask us first."}, false},
		"MIT with something behind": {map[string]string{"LICENSE": mit + strings.Repeat("You must also pay us, and ask before you do anything at all. ", 40)}, false},
		"the GPL":                   {map[string]string{"LICENSE": gplNotice}, false},
		"MIT with a part under GPL": {map[string]string{"LICENSE": mit, "internal/x/COPYING": gplNotice}, false},
		"bundled with GPL":          {map[string]string{"LICENSE": mit, "b.js.LICENSE.txt": "/*! b */" + mit + gplNotice}, false},
		"bundled with MIT":          {map[string]string{"LICENSE": mit, "b.js.LICENSE.txt": "/*! b is somebody's */" + mit + "/*! c too */"}, true},
	} {
		p := part{name: name, texts: c.texts}
		if problem := p.judge(); (problem == "") != c.ok || c.ok && len(p.licences) == 0 {
			t.Errorf("%s: %q %q", name, problem, p.licences)
		}
	}
}

func TestTheLicencesOfAPackageAreThoseAboveItToo(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"LICENSE": "a", "x/NOTICE.md": "b", "x/y/LICENCE-MIT": "c", "z/LICENSE": "d", "x/y/licensed.go": "e", "x/y/license.go": "f"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := part{texts: make(map[string]string)}
	if err := p.read(root, filepath.Join(root, "x", "y")); err != nil {
		t.Fatal(err)
	}
	if len(p.texts) != 3 || p.texts["LICENSE"] != "a" || p.texts["x/NOTICE.md"] != "b" || p.texts["x/y/LICENCE-MIT"] != "c" {
		t.Errorf("%q", p.texts)
	}
}

func TestEveryTextIsPrintedOnceWithItsOwners(t *testing.T) {
	out := string(notices([]part{
		{name: "a", version: "v1", texts: map[string]string{"LICENSE": "same\r\ntext\n"}},
		{name: "b", version: "v2", texts: map[string]string{"LICENSE": "same\ntext", "NOTICE": "other"}},
	}))
	if strings.Count(out, "same\ntext") != 1 || !strings.Contains(out, "a v1: LICENSE\nb v2: LICENSE\n") || !strings.Contains(out, "b v2: NOTICE\n") {
		t.Error(out)
	}
}

func TestTheListIsWhatTheCommandHolds(t *testing.T) {
	var out bytes.Buffer
	if status := run(t.Context(), []string{"-root", "../..", "-check"}, &out); status != 0 {
		t.Errorf("%d: %s", status, &out)
	}
	page, err := os.ReadFile("../../docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"github.com/spf13/cobra", "github.com/inconshreveable/mousetrap", "swagger-ui-dist", "Go, its runtime"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("%s is not listed", part)
		}
	}
}
