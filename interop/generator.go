package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	lockFile      = "interop/openapi-generator.lock"
	buildDir      = "interop/build"
	dependencyGet = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
)

// lock is the generator that several languages share.
type lock struct{ coordinate, sum string }

func readLock() (lock, error) {
	text, err := os.ReadFile(lockFile)
	if err != nil {
		return lock{}, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 || strings.Count(lines[0], ":") != 2 || len(lines[1]) != sha256.Size*2 {
		return lock{}, errors.New(lockFile + ": must have a Maven coordinate and a SHA-256, each on a line")
	}
	return lock{coordinate: lines[0], sum: lines[1]}, nil
}

// lockedGenerator is the version of the shared generator.
func lockedGenerator() (string, error) {
	l, err := readLock()
	return l.coordinate[strings.LastIndex(l.coordinate, ":")+1:], err
}

// fetchGenerator puts the shared generator into the build directory, unless it is there already.
func fetchGenerator(ctx context.Context) error {
	want, err := readLock()
	if err != nil {
		return err
	}
	jar := filepath.Join(buildDir, "openapi-generator-cli.jar")
	if want.matches(jar) == nil {
		return nil
	}
	fmt.Println("interop: fetching", want.coordinate)
	//nolint:gosec // G204: the coordinate is from the repository
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-ntp", dependencyGet, "-Dmdep.stripVersion=true",
		"-Dartifact="+want.coordinate, "-DoutputDirectory="+absolute(buildDir))
	cmd.Dir = buildDir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetching %s: %w\n%s", want.coordinate, err, out)
	}
	return want.matches(jar)
}

func (l lock) matches(jar string) error {
	content, err := os.ReadFile(jar)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != l.sum {
		return fmt.Errorf("%s: its SHA-256 is %s, not that of %s", jar, got, lockFile)
	}
	return nil
}

func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil { // without a working directory nothing else would work either
		return path
	}
	return abs
}
