package cli

import (
	"os"
	"path/filepath"
	"runtime"
)

// stateDir is where the file store lives unless it is told otherwise: $XDG_STATE_HOME/thingspace
// everywhere if that is set, and else the system's own place for what a user's programs remember.
func stateDir(environ func(string) (string, bool)) (string, error) {
	if dir, _ := environ("XDG_STATE_HOME"); filepath.IsAbs(dir) { // the standard ignores relative ones
		return filepath.Join(dir, "thingspace"), nil
	}
	var dir string
	var err error
	switch runtime.GOOS {
	case "windows":
		dir, err = os.UserCacheDir() // %LocalAppData%: what stays on this machine
	case "darwin", "ios":
		dir, err = os.UserConfigDir() // ~/Library/Application Support
	default:
		if home, _ := environ("HOME"); filepath.IsAbs(home) {
			return filepath.Join(home, ".local", "state", "thingspace"), nil
		}
		err = os.ErrNotExist
	}
	if err != nil || dir == "" {
		return "", usage("set HOME, or THINGSPACE_STORE=file:DIR", "there is no home directory to keep the session in")
	}
	return filepath.Join(dir, "thingspace"), nil
}
