package reference

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"iot.internal/thingspace/api"
)

//go:embed page/page.html page/page.css page/page.js page/icon.svg
var own embed.FS

//go:embed renderer/renderer.json renderer/swagger-ui-bundle.js.gz renderer/swagger-ui.css.gz renderer/*.txt
var renderer embed.FS

// file is a file in both forms in which it is sent.
type file struct {
	contentType string
	sum         string // SHA-256 of the plain form, in hexadecimal
	gzipped     []byte
	plain       func() ([]byte, error)
}

// settings is what the page's script is told.
type settings struct {
	Console *Console `json:"console,omitempty"`
}

// manifest is renderer/renderer.json, which refresh writes.
type manifest struct {
	Package   string            `json:"package"`
	Version   string            `json:"version"`
	Integrity string            `json:"integrity"` // of the package, as npm writes it
	License   string            `json:"license"`
	Files     map[string]string `json:"files"` // SHA-256 of each file as the package has it, in hexadecimal
}

func pinned() (manifest, error) {
	var m manifest
	text, err := renderer.ReadFile("renderer/renderer.json")
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// document is the page itself. The policy goes into it where no server sends it.
func document(s settings, policy string) (*file, error) {
	m, err := pinned()
	if err != nil {
		return nil, err
	}
	page, err := own.ReadFile("page/page.html")
	if err != nil {
		return nil, err
	}
	// Marshal escapes what could end a script element.
	console, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	contract, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	meta := ""
	if policy != "" {
		meta = "\n<meta http-equiv=\"Content-Security-Policy\" content=\"" + policy + "\">"
	}
	filled := strings.NewReplacer("{{policy}}", meta, "{{settings}}", string(console), "{{contract}}", string(contract),
		"{{version}}", m.Version).Replace(string(page))
	return written("text/html; charset=utf-8", []byte(filled))
}

// parts are the files beside the page, by name.
func parts() (map[string]*file, error) {
	m, err := pinned()
	if err != nil {
		return nil, err
	}
	files := map[string]*file{}
	for name, kind := range map[string]string{"swagger-ui-bundle.js": "text/javascript; charset=utf-8", "swagger-ui.css": "text/css; charset=utf-8"} {
		gzipped, err := renderer.ReadFile("renderer/" + name + ".gz")
		if err != nil {
			return nil, err
		}
		files[name] = &file{contentType: kind, sum: m.Files[name], gzipped: gzipped, plain: func() ([]byte, error) { return gunzip(gzipped) }}
	}
	licenses, err := licenseTexts(m)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{"openapi.yaml": []byte(api.OpenAPI()), "licenses.txt": licenses}
	for _, name := range []string{"page.css", "page.js", "icon.svg"} {
		if texts[name], err = own.ReadFile("page/" + name); err != nil {
			return nil, err
		}
	}
	kinds := map[string]string{
		"openapi.yaml": "application/yaml", "licenses.txt": "text/plain; charset=utf-8", "page.css": "text/css; charset=utf-8",
		"page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	}
	for name, text := range texts {
		if files[name], err = written(kinds[name], text); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// licenseTexts is what the licences of the renderer want to be handed on with it.
func licenseTexts(m manifest) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "This page is drawn by %s %s (%s), unchanged, with what its bundle contains.\n", m.Package, m.Version, m.License)
	for _, name := range []string{"NOTICE.txt", "LICENSE.txt", "swagger-ui-bundle.js.LICENSE.txt"} {
		text, err := renderer.ReadFile("renderer/" + name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n==== %s ====\n\n%s", name, text)
	}
	return b.Bytes(), nil
}

func written(contentType string, text []byte) (*file, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return &file{
		contentType: contentType, sum: hex.EncodeToString(sum[:]), gzipped: b.Bytes(),
		plain: func() ([]byte, error) { return text, nil },
	}, nil
}

func gunzip(p []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
