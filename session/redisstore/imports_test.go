package redisstore_test

import (
	"os/exec"
	"strings"
	"testing"
)

func list(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

func TestImportingSessionDoesNotPullInRedis(t *testing.T) {
	for _, pkg := range []string{"..", "../filestore", "../storetest", "../sessiontest"} {
		for _, dep := range list(t, pkg) {
			if strings.Contains(dep, "redis") {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}

func TestRedisstoreImportsOneModule(t *testing.T) {
	for _, dep := range list(t, ".") {
		switch {
		case strings.HasPrefix(dep, "github.com/redis/rueidis"), strings.HasPrefix(dep, "golang.org/x/sys/"), strings.HasPrefix(dep, "iot.internal/thingspace/"):
		default:
			t.Errorf("it imports %s", dep)
		}
	}
}

func packageDoc(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "doc", "-all", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
