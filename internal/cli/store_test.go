package cli

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestStoresAreOpenedByName(t *testing.T) {
	dir := t.TempDir()
	environ := func(name string) (string, bool) {
		if name == "XDG_STATE_HOME" {
			return dir, true
		}
		return "", false
	}
	for spec, name := range map[string]string{
		"":            "file:" + filepath.Join(dir, "thingspace"),
		"file":        "file:" + filepath.Join(dir, "thingspace"),
		"file:" + dir: "file:" + dir,
		"memory":      "memory",
	} {
		got, err := openStore(spec, environ)
		if err != nil || got.name != name {
			t.Errorf("%q: %q %v", spec, got.name, err)
		}
	}
	for _, spec := range []string{"file:", "sqlite://user:hunter2@host", "Memory", "/var/lib", "./state", "memory:x"} {
		_, err := openStore(spec, environ)
		if status, line := explain(err); status != exitUsage || strings.Contains(line, "hunter2") {
			t.Errorf("%q: %d %q", spec, status, line)
		}
	}
}

func TestStateLivesWhereTheUserKeepsState(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the places of other systems are not this test's") // they come from package os
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/thingspace"},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/thingspace"},
		{map[string]string{"HOME": "/h"}, "/h/.local/state/thingspace"},
		{nil, ""},
	} {
		got, err := stateDir(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%v: %q %v", c.env, got, err)
		}
	}
}
