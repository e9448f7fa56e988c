package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// largest bounds what is read from the package; it has 13 MB unpacked.
const largest = 64 << 20

type fetched struct {
	integrity string
	license   string
	files     map[string][]byte // by path within the package
}

// fetch has npm bring the package, which installs nothing and runs no script, and checks it against integrity unless
// that is empty.
func fetch(ctx context.Context, name, version, integrity string) (fetched, error) {
	dir, err := os.MkdirTemp("", "renderer-*")
	if err != nil {
		return fetched{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	//nolint:gosec // the name and version that renderer.json or the caller gives
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", dir, name+"@"+version)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fetched{}, fmt.Errorf("npm pack %s@%s: %w", name, version, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return fetched{}, fmt.Errorf("npm pack %s@%s left %d packages", name, version, len(found))
	}
	packed, err := os.ReadFile(found[0])
	if err != nil {
		return fetched{}, err
	}
	sum := sha512.Sum512(packed)
	got := fetched{integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
	if integrity != "" && got.integrity != integrity {
		return fetched{}, fmt.Errorf("%s@%s is not the package that was pinned: %s, not %s", name, version, got.integrity, integrity)
	}
	if got.files, err = unpack(packed); err != nil {
		return fetched{}, err
	}
	var about struct{ Version, License string }
	if err := json.Unmarshal(got.files["package.json"], &about); err != nil {
		return fetched{}, fmt.Errorf("package.json of %s@%s: %w", name, version, err)
	}
	if about.Version != version {
		return fetched{}, fmt.Errorf("npm brought %s %s, not %s: pin an exact version", name, about.Version, version)
	}
	got.license = about.License
	return got, nil
}

func unpack(packed []byte) (map[string][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	entries := tar.NewReader(io.LimitReader(z, largest))
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(entries)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(entry.Name, "package/")] = body
	}
}
