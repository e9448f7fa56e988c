package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// part is something that others have made.
type part struct {
	name, version string
	texts         map[string]string // of its licence and notices, by file name below the part
	licences      []string          // what the texts are, after judge
}

//go:embed go-licence.txt
var goLicence string

// systems are what the command is built for; some modules are for one of them.
var systems = []string{"linux", "darwin", "windows"}

// shippedParts lists what is in the command.
func shippedParts(ctx context.Context, root string) ([]part, error) {
	found := make(map[string]part)
	for _, system := range systems {
		if err := modules(ctx, root, system, found, "./cmd/thingspace"); err != nil {
			return nil, err
		}
	}
	parts := sorted(found)
	renderer, err := renderer(filepath.Join(root, "internal", "reference", "renderer"))
	if err != nil {
		return nil, err
	}
	parts = append(parts, renderer)
	// Its own copy, since not every installation of Go has the file.
	return append([]part{{name: "Go, its runtime and standard library", texts: map[string]string{"LICENSE": goLicence}}}, parts...), nil
}

// otherParts lists what is needed to build and test, and is in nothing that is handed out.
func otherParts(ctx context.Context, root string, shipped []part) ([]part, error) {
	found := make(map[string]part)
	if err := modules(ctx, root, systems[0], found, "-test", "./...", "tool"); err != nil {
		return nil, err
	}
	for _, p := range shipped {
		delete(found, p.name)
	}
	return sorted(found), nil
}

func sorted(found map[string]part) []part {
	return slices.SortedFunc(maps.Values(found), func(a, b part) int { return cmp.Compare(a.name, b.name) })
}

// modules adds the modules that packages depend on, with the licences above each package that is used.
func modules(ctx context.Context, root, system string, found map[string]part, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Dir,Module"}, args...)...) //nolint:gosec // G204: arguments of this file
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go list for %s: %w: %s", system, err, strings.TrimSpace(stderr.String()))
	}
	for decoder := json.NewDecoder(&stdout); ; {
		var p struct {
			Dir    string
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		m, ok := found[p.Module.Path]
		if !ok {
			m = part{name: p.Module.Path, version: p.Module.Version, texts: make(map[string]string)}
		}
		if err := m.read(p.Module.Dir, p.Dir); err != nil {
			return err
		}
		found[p.Module.Path] = m
	}
}

var licenceFile = regexp.MustCompile(`(?i)^(LICEN[CS]E|COPYING|NOTICE)(-[a-z0-9.-]+)?(\.(txt|md|rst))?$|\.LICENSE\.txt$`)

// read adds the texts in a directory and in those above it, up to the root of the part.
func (p *part) read(root, dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !licenceFile.MatchString(entry.Name()) {
				continue
			}
			file := filepath.Join(dir, entry.Name())
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			p.texts[filepath.ToSlash(name)] = string(text)
		}
		if dir == root {
			return nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return fmt.Errorf("%s: a package of it is outside of it", p.name)
		}
		dir = above
	}
}

// renderer is the program in the page that "thingspace simulate" serves. It comes from npm, and its texts are beside it.
func renderer(dir string) (part, error) {
	content, err := os.ReadFile(filepath.Join(dir, "renderer.json"))
	if err != nil {
		return part{}, err
	}
	var told struct{ Package, Version string }
	if err := json.Unmarshal(content, &told); err != nil {
		return part{}, fmt.Errorf("%s: %w", dir, err)
	}
	p := part{name: told.Package + " (npm)", version: told.Version, texts: make(map[string]string)}
	err = p.read(dir, dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is not there: %w", dir, err)
	}
	return p, err
}
