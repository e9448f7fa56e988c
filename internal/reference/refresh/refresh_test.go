package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

func TestAFileThatDiffersIsFoundByCheckAndMendedWithoutIt(t *testing.T) {
	for _, name := range []string{"bundle.js.gz", "LICENSE.txt"} {
		path := filepath.Join(t.TempDir(), name)
		want := []byte("as the package has it")
		if keep(path, want, true) == nil {
			t.Errorf("%s: missing, and not found", name)
		}
		if err := keep(path, want, false); err != nil {
			t.Fatal(err)
		}
		if err := keep(path, want, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if keep(path, []byte("changed"), true) == nil {
			t.Errorf("%s: changed, and not found", name)
		}
	}
}

func TestAnotherCompressionOfTheSameFileIsNoChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.js.gz")
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write([]byte("text"))
	_ = z.Close()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keep(path, []byte("text"), false); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b.Bytes()) {
		t.Errorf("it was written again: %v", err)
	}
}
