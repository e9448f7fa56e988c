package threatmodel

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tracked returns the files of the repository.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if os.IsNotExist(err) {
		return "" // deleted, and not yet from the index
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// what is fetched by a version that moves
var moving = regexp.MustCompile(`@(latest|main|master|HEAD|upgrade|patch)\b|npm (install|i|update)\b|\bnpx\b|curl[^\n|]*\|[^\n]*\bsh\b`)

// loose returns what a script fetches by a version that moves, and where npm would run the install scripts of packages.
func loose(text string) (found []string) {
	for line := range strings.Lines(text) {
		found = append(found, moving.FindAllString(line, -1)...)
		if strings.Contains(line, "npm ci") && !strings.Contains(line, "--ignore-scripts") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func TestEverythingThatIsDownloadedIsPinned(t *testing.T) {
	locks := 0
	for _, name := range tracked(t) {
		base := path.Base(name)
		switch {
		case base == "requirements.txt":
			locks++
			for _, problem := range unhashed(read(t, name)) {
				t.Errorf("%s: %s", name, problem)
			}
		case base == "package-lock.json":
			locks++
			for _, problem := range unlocked(t, read(t, name)) {
				t.Errorf("%s: %s", name, problem)
			}
		case base == "Makefile" || name == ".ci/run" || path.Ext(name) == ".sh" || path.Ext(name) == ".mk":
			for _, found := range loose(read(t, name)) {
				t.Errorf("%s: %q fetches what is not pinned, or runs what it fetches", name, found)
			}
		}
		if base == "package.json" && !exists(path.Join(path.Dir(name), "package-lock.json")) && path.Dir(name) != "." {
			t.Errorf("%s: it has no package-lock.json", name)
		}
	}
	if locks < 3 {
		t.Errorf("only %d lock files were found", locks)
	}
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

// unhashed returns the requirements of pip without a hash.
func unhashed(text string) (problems []string) {
	for _, requirement := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		requirement = strings.TrimSpace(requirement)
		if requirement == "" || strings.HasPrefix(requirement, "#") {
			continue
		}
		if !strings.Contains(requirement, "==") || !strings.Contains(requirement, "--hash=sha256:") {
			problems = append(problems, requirement+" is not pinned by a hash")
		}
	}
	return problems
}

// unlocked returns the packages of npm without a hash.
func unlocked(t *testing.T, text string) (problems []string) {
	t.Helper()
	if text == "" {
		return nil
	}
	var lock struct {
		Packages map[string]struct {
			Integrity string `json:"integrity"`
			Link      bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if name != "" && !p.Link && !strings.HasPrefix(p.Integrity, "sha512-") {
			problems = append(problems, name+" is not pinned by a hash")
		}
	}
	return problems
}

func TestAnUnpinnedDownloadIsFound(t *testing.T) {
	if got := unhashed("a==1 \\\n    --hash=sha256:00\nb==2\nc>=1 --hash=sha256:00\n# d\n"); len(got) != 2 {
		t.Errorf("%q", got)
	}
	if got := unlocked(t, `{"packages": {"": {}, "a": {"integrity": "sha512-x"}, "b": {}, "c": {"integrity": "sha1-x"}}}`); len(got) != 2 {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]bool{
		"go run example.com/x@latest": true, "npm install x": true, "npx x": true, "npm ci": true, "curl https://x | sh": true,
		"go run example.com/x@v1.2.3": false, "npm ci --ignore-scripts": false, "curl -fsS https://x": false, "user@mainframe": false,
	} {
		if got := len(loose(text)) != 0; got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestCIBuildsTwiceAndVerifiesModules(t *testing.T) {
	ci := read(t, ".ci/run")
	for _, step := range []string{"make verify", "make reproducible", "make vuln", "make contract-test", "make check"} {
		if !strings.Contains(ci, step) {
			t.Errorf("CI does not run %q", step)
		}
	}
	checks := regexp.MustCompile(`(?m)^check: .*`).FindString(read(t, "Makefile"))
	for _, target := range []string{"generate-check", "tidy-check", "lint", "spec-diff"} {
		if !strings.Contains(checks, " "+target+" ") {
			t.Errorf("make check does not depend on %s", target)
		}
	}
}

// Whatever is started inherits the environment, and with it the secrets.
func TestTheCommandStartsNoOtherProgram(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}:{{join .Imports \",\"}}{{end}}", "./cmd/thingspace")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		name, imports, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		seen++
		for imported := range strings.SplitSeq(imports, ",") {
			if imported == "os/exec" || imported == "plugin" {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d packages were looked at", seen)
	}
}
