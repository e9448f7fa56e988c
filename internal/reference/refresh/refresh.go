package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// pin is renderer.json.
type pin struct {
	Package   string            `json:"package"`
	Version   string            `json:"version"`
	Integrity string            `json:"integrity"`
	License   string            `json:"license"`
	Files     map[string]string `json:"files"`
}

// taken says under which name each file of the package is kept; those that end in .gz are compressed.
var taken = map[string]string{
	"swagger-ui-bundle.js":             "swagger-ui-bundle.js.gz",
	"swagger-ui.css":                   "swagger-ui.css.gz",
	"LICENSE":                          "LICENSE.txt",
	"NOTICE":                           "NOTICE.txt",
	"swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
}

func run(ctx context.Context, dir, version string, check bool) error {
	manifest := filepath.Join(dir, "renderer.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	var want pin
	if err := json.Unmarshal(text, &want); err != nil {
		return fmt.Errorf("%s: %w", manifest, err)
	}
	if check && version != "" {
		return errors.New("-check compares with the pinned version: leave -version out")
	}
	moved := version != "" && version != want.Version
	if moved {
		want.Version, want.Integrity = version, ""
	}
	got, err := fetch(ctx, want.Package, want.Version, want.Integrity)
	if err != nil {
		return err
	}
	want.Integrity, want.License = got.integrity, got.license
	sums := map[string]string{}
	for name, kept := range taken {
		body, ok := got.files[name]
		if !ok {
			return fmt.Errorf("%s %s has no file %s any more", want.Package, want.Version, name)
		}
		sum := sha256.Sum256(body)
		sums[name] = hex.EncodeToString(sum[:])
		if !moved && want.Files[name] != "" && want.Files[name] != sums[name] {
			return fmt.Errorf("%s differs from the checksum in %s", name, manifest)
		}
		if err := keep(filepath.Join(dir, kept), body, check); err != nil {
			return err
		}
	}
	want.Files = sums
	out, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		return err
	}
	out = append(out, '\n')
	if !bytes.Equal(out, text) {
		if check {
			return fmt.Errorf("%s is not what a refresh writes: run it without -check", manifest)
		}
		if err := os.WriteFile(manifest, out, 0o644); err != nil { //nolint:gosec // a source file
			return err
		}
	}
	fmt.Printf("%s %s: %d files as the package has them\n", want.Package, want.Version, len(sums))
	return nil
}

// keep writes body under path, unless it is there already: another Go release compresses in another way, which is no
// change.
func keep(path string, body []byte, check bool) error {
	compressed := filepath.Ext(path) == ".gz"
	there, err := os.ReadFile(path)
	if err == nil && compressed {
		there, err = gunzip(there)
	}
	if err == nil && bytes.Equal(there, body) {
		return nil
	}
	if check {
		return fmt.Errorf("%s differs from the package's file", path)
	}
	if compressed {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		body = b.Bytes()
	}
	return os.WriteFile(path, body, 0o644) //nolint:gosec // a source file
}

func gunzip(p []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
