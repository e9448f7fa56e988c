//go:build !unix && !windows

package durable

import (
	"errors"
	"io/fs"
	"os"
)

var errNotDir = errors.New("not a directory")

func rename(from, to string) error { return os.Rename(from, to) }

// Directories are not flushed here.
func openDir(string) (*os.File, error) { return nil, nil }

func flush(*os.File) error { return nil }

// Chown does nothing here.
func Chown(*os.File, fs.FileInfo) error { return nil }
