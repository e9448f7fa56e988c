package reference

import (
	"os"
	"path/filepath"
	"strings"
)

// Site writes the page as static files into dir, which it makes if it is missing. They work from any static server,
// below any path, and from the disk (file://). Calls cannot be tried there: the page has no server of its own.
func Site(dir string) error {
	files, err := parts()
	if err != nil {
		return err
	}
	// A static page has nothing to send.
	if files["index.html"], err = document(settings{}, strings.Replace(policy, "connect-src 'self'", "connect-src 'none'", 1)); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a web server may run as another user
		return err
	}
	for name, f := range files {
		text, err := f.plain()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}
