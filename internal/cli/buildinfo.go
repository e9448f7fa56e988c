package cli

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// build is what the linker knows of this program.
type build struct {
	version, commit, commitTime string
	modified                    bool
}

func readBuild() build {
	b := build{version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.commitTime = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}

// versionLine is what --version prints.
func versionLine() string { return "thingspace " + readBuild().version }

// userAgent names this program to the platform.
func userAgent() string {
	return "thingspace/" + strings.Trim(readBuild().version, "()") + " (" + runtime.GOOS + ")"
}
