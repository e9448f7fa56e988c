package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// generatedHeader is the line by which Go tools know a generated file: https://go.dev/s/generatedcode.
var generatedHeader = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func isGenerated(name string, content []byte) bool {
	return strings.HasSuffix(name, ".go") && generatedHeader.Match(content)
}

// check returns one line for each generated file that is not committed as it is generated.
func check(ctx context.Context, dir string) ([]string, error) {
	out, err := run(ctx, dir, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	root := strings.TrimSuffix(string(out), "\n")
	inTree, err := gitFiles(ctx, root, "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}

	scratch, err := os.MkdirTemp("", "gencheck")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	copied, err := os.OpenRoot(scratch)
	if err != nil {
		return nil, err
	}
	defer func() { _ = copied.Close() }()
	source, before, err := copyFiles(root, copied, inTree)
	if err != nil {
		return nil, err
	}
	if _, err := run(ctx, scratch, "go", "generate", "./..."); err != nil {
		return nil, err
	}
	after, err := readAll(copied.FS())
	if err != nil {
		return nil, err
	}

	committed, err := gitFiles(ctx, root, "--cached")
	if err != nil {
		return nil, err
	}
	var differences []string
	for name, content := range after {
		if was, ok := source[name]; ok && bytes.Equal(was, content) {
			continue // not generated, or generated as it was
		}
		switch {
		case !slices.Contains(committed, name):
			differences = append(differences, name+": is generated, but not committed")
		case !bytes.Equal(before[name], content):
			differences = append(differences, name+": is not what is generated")
		default:
			staged, err := run(ctx, root, "git", "show", ":"+name)
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(staged, content) {
				differences = append(differences, name+": is generated, but committed otherwise")
			}
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			differences = append(differences, name+": is there, but nothing generates it")
		}
	}
	slices.Sort(differences)
	return differences, nil
}

// copyFiles copies the named files, all but the generated ones, and returns the content of both kinds.
func copyFiles(from string, to *os.Root, names []string) (source, generated map[string][]byte, err error) {
	source, generated = make(map[string][]byte), make(map[string][]byte)
	for _, name := range names {
		// Generators rely on the directory being there, even if everything in it is theirs.
		if err := to.MkdirAll(path.Dir(name), 0o700); err != nil {
			return nil, nil, err
		}
		info, err := os.Lstat(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, but not yet from the index
		}
		if err != nil {
			return nil, nil, err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return nil, nil, err
		}
		if isGenerated(name, content) {
			generated[name] = content
			continue
		}
		source[name] = content
		if err := to.WriteFile(name, content, info.Mode().Perm()); err != nil {
			return nil, nil, err
		}
	}
	return source, generated, nil
}

func readAll(root fs.FS) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
	return files, err
}

func gitFiles(ctx context.Context, root string, options ...string) ([]string, error) {
	out, err := run(ctx, root, "git", append([]string{"ls-files", "-z"}, options...)...)
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	slices.Sort(names)
	return slices.Compact(names), nil // a conflict lists a file three times
}

func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // G204: git and go, with arguments from this file
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args...), " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}
