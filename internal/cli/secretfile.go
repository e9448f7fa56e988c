package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"

	"iot.internal/thingspace/internal/mount"
)

// secretFileLimit is more than any secret is long.
const secretFileLimit = 64 << 10

// secretFileSource is a file that holds one secret and nothing else. name is how it was given, for
// errors.
type secretFileSource struct {
	path, name string

	mu   sync.Mutex
	once *string // what came out of a pipe, which cannot be read again
}

func secretFile(path, name string) *secretFileSource {
	return &secretFileSource{path: path, name: name}
}

// read returns the secret without the line end that editors and echo leave.
func (s *secretFileSource) read() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.once != nil {
		return *s.once, nil
	}
	secret, again, err := readSecret(s.path)
	if err == nil {
		if err = meant(secret); err != nil {
			err = fmt.Errorf("%s %w", s.path, err)
		}
	}
	if err != nil {
		return "", &failure{status: exitUsage, what: s.name + ": " + err.Error(), todo: "nothing was sent", cause: err}
	}
	if !again {
		s.once = &secret
	}
	return secret, nil
}

// readSecret reads a file of text that nobody else may read, or a pipe. again says whether that can be
// repeated.
func readSecret(path string) (secret string, again bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", false, err
	}
	if err := private(f, info); err != nil {
		return "", false, fmt.Errorf("%s: %w", path, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, secretFileLimit+1))
	if err != nil {
		return "", false, err
	}
	if len(content) > secretFileLimit {
		return "", false, fmt.Errorf("%s is larger than %d bytes", path, secretFileLimit)
	}
	secret, ended := strings.CutSuffix(strings.TrimPrefix(string(content), byteOrderMark), "\n")
	if ended {
		secret = strings.TrimSuffix(secret, "\r")
	}
	if strings.TrimSpace(secret) == "" {
		return "", false, fmt.Errorf("%s is blank", path)
	}
	return secret, info.Mode().IsRegular(), nil
}

// private refuses a file that others may read or write, as filestore does for credentials files:
// unless it is reached through a read-only mount, where nobody could mend that.
func private(f *os.File, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode&fs.ModeNamedPipe != 0:
		return nil
	case !mode.IsRegular():
		return errors.New("neither a file nor a pipe")
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 && !mount.ReadOnly(f):
		return fmt.Errorf("others may read or write it (mode %04o): chmod 600", mode.Perm())
	}
	return nil
}
