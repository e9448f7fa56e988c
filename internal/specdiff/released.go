package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree is a working tree.
type tree struct {
	root string
	tool *oasdiff // nil means to build it when it is needed
}

func (t tree) contract() string  { return filepath.Join(t.root, "api", "openapi.yaml") }
func (t tree) changelog() string { return filepath.Join(t.root, "CHANGELOG.md") }
func (t tree) released() string  { return filepath.Join(t.root, "api", "released") }
func (t tree) sums() string      { return filepath.Join(t.released(), "SHA256SUMS") }

func (t tree) snapshot(v version) string {
	return filepath.Join(t.released(), "openapi-"+v.String()+".yaml")
}

var errReleased = errors.New("a released document never changes")

// document is a contract as it is compared.
type document struct {
	version version
	content []byte
	parsed  map[string]any
}

func readDocument(file string) (*document, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := &document{content: content}
	if err := yaml.Unmarshal(content, &d.parsed); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	info, _ := d.parsed["info"].(map[string]any)
	text, ok := info["version"].(string)
	if !ok {
		return nil, fmt.Errorf("%s: info.version is not a text", file)
	}
	if d.version, err = parseVersion(text); err != nil {
		return nil, fmt.Errorf("%s: info.version: %w", file, err)
	}
	return d, nil
}

// same reports that two documents say the same, whatever their layout and comments.
func (d *document) same(e *document) bool { return reflect.DeepEqual(d.parsed, e.parsed) }

// versions lists what was released, oldest first, after checking that nobody has edited it.
func (t tree) versions() ([]version, error) {
	files, err := filepath.Glob(filepath.Join(t.released(), "openapi-*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []version
	for _, file := range files {
		v, err := parseVersion(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "openapi-"), ".yaml"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, v)
	}
	slices.SortFunc(all, version.compare)
	want, err := t.sumsOf(all)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	got, err := os.ReadFile(t.sums())
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(got, want) {
		return nil, fmt.Errorf("%w: api/released does not hold what its SHA256SUMS says", errReleased)
	}
	return all, nil
}

// sumsOf returns the lines that sha256sum prints for the snapshots.
func (t tree) sumsOf(all []version) ([]byte, error) {
	var sums bytes.Buffer
	for _, v := range all {
		content, err := os.ReadFile(t.snapshot(v))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.Base(t.snapshot(v)))
	}
	return sums.Bytes(), nil
}

// keep writes a snapshot.
func (t tree) keep(d *document, earlier []version) error {
	if err := os.MkdirAll(t.released(), 0o755); err != nil { //nolint:gosec // G301: what is published is for everybody
		return err
	}
	if err := os.WriteFile(t.snapshot(d.version), d.content, 0o644); err != nil { //nolint:gosec // G306: as above
		return err
	}
	all := earlier
	if !slices.Contains(all, d.version) {
		all = append(slices.Clone(all), d.version)
	}
	sums, err := t.sumsOf(all)
	if err != nil {
		return err
	}
	return os.WriteFile(t.sums(), sums, 0o644) //nolint:gosec // G306: as above
}
