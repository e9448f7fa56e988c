package filestore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readRecord returns the content of a record file, not nil even if it is empty, or nil if there is no
// file.
func readRecord(path string) ([]byte, error) {
	f, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if modesMatter && info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%w: others may write to %s (mode %04o): chmod go-w", ErrInsecure, path, info.Mode().Perm())
	}
	return readRegular(f, MaxRecord)
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return readRegular(f, limit)
}

// openRegular opens without following a symbolic link. The look before gives a clear error; the flags
// hold even if the file is exchanged in between.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", path, ErrNotRegular)
	}
	return os.OpenFile(path, os.O_RDONLY|openFlags, 0)
}

// readRegular reads an open file up to a limit, never nil without an error.
func readRegular(f *os.File, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", f.Name(), ErrNotRegular)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes: %w", f.Name(), limit, ErrTooLarge)
	}
	content := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	n, err := io.Copy(content, io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes: %w", f.Name(), limit, ErrTooLarge)
	}
	return content.Bytes(), nil
}
