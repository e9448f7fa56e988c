package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"iot.internal/thingspace/internal/durable"
	"iot.internal/thingspace/internal/flock"
	"iot.internal/thingspace/internal/mount"
	"iot.internal/thingspace/session"
)

// MaxCredentials is the largest credentials file that is read or written, in bytes.
const MaxCredentials = 64 << 10

var (
	// ErrMalformed says that the file is not the JSON object that [Credentials] describes, or a value in it or
	// given to Save is blank or not text. The text says what is wrong and never quotes the content.
	ErrMalformed = errors.New("malformed credentials")
	// ErrReadOnly says that the file, or the file system it is on, is not to be written to. Nothing was touched.
	ErrReadOnly = errors.New("the credentials file cannot be written")
)

// Credentials is the user name and password in the JSON file at path:
//
//	{"username": "zbeeblebrox", "password": "IMgr8"}
//
// Other fields are allowed and survive a Save; a field that occurs twice, and anything but valid
// UTF-8, is refused. A byte order mark, CRLF and a final newline do not matter.
//
// Load refuses a file that anybody but its owner may read or write (any bit of 0077), unless it is
// reached through a read-only mount, where nobody could mend that: Kubernetes mounts a Secret so,
// with mode 0644. Symbolic links are followed.
//
// Save replaces the file that symbolic links lead to, atomically, with mode 0600 and its owner
// unchanged, and returns when that is on the medium. It creates a file that is missing. It does not
// overwrite what it could not have read, nor a file without the owner's write permission. Two Saves,
// in any processes of the host, exclude each other by the file .NAME.lock beside the file NAME, which
// stays. A hard link to the old file keeps the old content. It is a [session.CredentialSwapper] too.
//
// Errors name the path, never the content; [ErrInsecure], [ErrMalformed], [ErrNotRegular],
// [ErrReadOnly] and [ErrTooLarge] tell them apart, and those of the operating system are found by
// [errors.Is] too. The file is read anew at every Load. It is safe for concurrent use.
func Credentials(path string) session.CredentialSaver { return &credentialsFile{path: path} }

type credentialsFile struct{ path string }

func (c *credentialsFile) Load(ctx context.Context) (session.Credentials, error) {
	if err := ctx.Err(); err != nil {
		return session.Credentials{}, err
	}
	d, _, err := readCredentials(c.path, true)
	if err != nil {
		return session.Credentials{}, c.explain(err)
	}
	username, err := d.text(usernameField)
	if err != nil {
		return session.Credentials{}, c.explain(fmt.Errorf("%w: %w", ErrMalformed, err))
	}
	password, err := d.text(passwordField)
	if err != nil {
		return session.Credentials{}, c.explain(fmt.Errorf("%w: %w", ErrMalformed, err))
	}
	return session.Credentials{Username: username, Password: session.NewSecret(password)}, nil
}

func (c *credentialsFile) Save(ctx context.Context, credentials session.Credentials) error {
	_, err := c.replace(ctx, nil, credentials)
	return err
}

// SwapCredentials saves next if and only if the file still holds old. It excludes, and is as durable as, Save.
func (c *credentialsFile) SwapCredentials(ctx context.Context, old, next session.Credentials) (bool, error) {
	return c.replace(ctx, &old, next)
}

var _ session.CredentialSwapper = (*credentialsFile)(nil)

// holds reports whether a document has exactly these credentials.
func (d document) holds(credentials session.Credentials) bool {
	username, err := d.text(usernameField)
	if err != nil || username != credentials.Username {
		return false
	}
	password, err := d.text(passwordField)
	return err == nil && password == credentials.Password.Reveal()
}

// replace saves credentials, if expected is nil or what is there.
func (c *credentialsFile) replace(ctx context.Context, expected *session.Credentials, credentials session.Credentials) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	// Before the lock file is created, or anything else.
	target, err := resolve(c.path)
	if err != nil {
		return false, c.explain(err)
	}
	if err := writable(target); err != nil {
		return false, c.explain(err)
	}
	unlock, err := flock.MutexAt(lockBeside(target)).Lock(ctx)
	if err != nil {
		return false, c.explain(err)
	}
	defer unlock()
	d, like, err := readCredentials(target, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if like, err = os.Stat(filepath.Dir(target)); err != nil {
			return false, c.explain(err)
		}
	case err != nil:
		return false, c.explain(err)
	}
	if expected != nil && !d.holds(*expected) {
		return false, nil
	}
	if err := c.write(target, like, d, credentials); err != nil {
		return false, c.explain(err)
	}
	return true, nil
}

// write replaces the file, under its lock.
func (c *credentialsFile) write(target string, like fs.FileInfo, d document, credentials session.Credentials) error {
	if err := shareLock(target, like); err != nil {
		return err
	}
	content, err := edit(d, credentials)
	if err != nil {
		return err
	}
	if err := durable.Sweep(target); err != nil {
		return err
	}
	if err := durable.Replace(target, content, like); err != nil {
		if errors.Is(err, errIsMountPoint) {
			err = fmt.Errorf("%w: it is a mount point itself, mount its directory instead: %w", ErrReadOnly, err)
		}
		return err
	}
	return nil
}

func edit(d document, credentials session.Credentials) ([]byte, error) {
	d, err := d.set(usernameField, credentials.Username)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if d, err = d.set(passwordField, credentials.Password.Reveal()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	content, err := d.encode()
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be encoded", ErrMalformed)
	}
	if len(content) > MaxCredentials {
		return nil, fmt.Errorf("%d bytes of credentials: %w", len(content), ErrTooLarge)
	}
	return content, nil
}

// readCredentials reads and parses the file that path leads to. A writer need not mind who could read
// the old file: the new one will be private.
func readCredentials(path string, private bool) (document, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFollow, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if private && modesMatter && info.Mode().Perm()&0o077 != 0 && !mount.ReadOnly(f) {
		return nil, nil, fmt.Errorf("%w: others may read or write it (mode %04o): chmod 600", ErrInsecure, info.Mode().Perm())
	}
	content, err := readRegular(f, MaxCredentials)
	if err != nil {
		return nil, nil, err
	}
	d, err := parseDocument(content)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return d, info, nil
}

// resolve follows symbolic links to the file that a Save replaces. A file that is missing is one that
// Save creates; a link that leads nowhere is an error, since the missing part may be a mount.
func resolve(path string) (string, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		return filepath.Join(dir, filepath.Base(path)), err
	}
	return filepath.EvalSymlinks(path)
}

// writable finds out what keeps target from being replaced, as far as one can without trying. The
// permissions of the directory show when the lock file is opened.
func writable(target string) error {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return onWritableMount(filepath.Dir(target))
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case info.Mode().Perm()&0o200 == 0:
		return fmt.Errorf("%w: it is marked read-only (mode %04o): %w", ErrReadOnly, info.Mode().Perm(), fs.ErrPermission)
	}
	if err := onWritableMount(target); err != nil {
		return err
	}
	return onWritableMount(filepath.Dir(target))
}

func onWritableMount(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|openFollow, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if mount.ReadOnly(f) {
		return fmt.Errorf("%w: %w", ErrReadOnly, errReadOnlyFS)
	}
	return nil
}

func lockBeside(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".lock")
}

// shareLock gives a lock file that root created to the owner of the credentials.
func shareLock(target string, like fs.FileInfo) error {
	f, err := os.OpenFile(lockBeside(target), os.O_RDONLY|openFlags, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return durable.Chown(f, like)
}

func (c *credentialsFile) explain(err error) error {
	return fmt.Errorf("filestore: credentials file %s: %w", c.path, err)
}
