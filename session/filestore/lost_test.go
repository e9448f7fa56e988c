package filestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

func removeAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// Each of them takes the count of strikes away while processes run.
func TestStoreThatVanishedIsNotTakenForAnEmptyOne(t *testing.T) {
	for name, vanish := range map[string]func(t *testing.T, dir string){
		"removed": removeAll,
		"removed with its parent": func(t *testing.T, dir string) {
			t.Helper()
			removeAll(t, filepath.Dir(dir))
		},
		"made anew, empty": func(t *testing.T, dir string) {
			t.Helper()
			removeAll(t, dir)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"made anew and used by another process": func(t *testing.T, dir string) {
			t.Helper()
			removeAll(t, dir)
			swap(t, filestore.New(dir), nil, []byte("another"))
		},
		"emptied": func(t *testing.T, dir string) {
			t.Helper()
			for _, name := range names(t, dir) {
				removeAll(t, filepath.Join(dir, name))
			}
		},
		"emptied and used by another process": func(t *testing.T, dir string) {
			t.Helper()
			for _, name := range names(t, dir) {
				removeAll(t, filepath.Join(dir, name))
			}
			swap(t, filestore.New(dir), nil, []byte("another"))
		},
		"its lock file cut": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Truncate(filepath.Join(dir, lockName), 0); err != nil {
				t.Fatal(err)
			}
		},
		"its lock file overwritten": func(t *testing.T, dir string) {
			t.Helper()
			writeFile(t, filepath.Join(dir, lockName), "something of a length that no identity has ever had", 0o600)
		},
		"its lock file replaced by a link": func(t *testing.T, dir string) {
			t.Helper()
			removeAll(t, filepath.Join(dir, lockName))
			if err := os.Symlink("nothing", filepath.Join(dir, lockName)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "store")
			writer, reader := filestore.New(dir), filestore.New(dir)
			swap(t, writer, nil, []byte("one"))
			holds(t, reader, []byte("one"))
			vanish(t, dir)
			want := filestore.ErrLost
			if name == "its lock file replaced by a link" {
				want = nil // any error
			}
			for range 2 {
				for _, store := range []session.Store{writer, reader} {
					if want != nil {
						refuses(t, store, want)
						continue
					}
					if value, err := store.Load(t.Context(), key); err == nil {
						t.Errorf("Load = %q without an error", value)
					}
					if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || err == nil {
						t.Errorf("Swap = %v, %v", ok, err)
					}
				}
			}
		})
	}
}

func TestStoreThatComesBackIsInUseAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	refuses(t, store, filestore.ErrLost)
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	holds(t, store, []byte("one"))
	swap(t, store, []byte("one"), []byte("two"))
}

func TestVanishedDirectoryIsNotMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	removeAll(t, dir)
	refuses(t, store, filestore.ErrLost)
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory: %v", err)
	}
}

// A restored backup of the records alone, and a first user that was killed before it had written the
// identity.
func TestStoreWithoutAnIdentityGetsOne(t *testing.T) {
	for _, lock := range []string{"none", "", "0123", "0123456789abcdef0123456789abcde\x00\n"} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, key+".json"), "one", 0o600)
		if lock != "none" {
			writeFile(t, filepath.Join(dir, lockName), lock, 0o600)
		}
		store, reader := filestore.New(dir), filestore.New(dir)
		holds(t, reader, []byte("one"))
		holds(t, store, []byte("one"))
		swap(t, store, []byte("one"), []byte("two"))
		holds(t, reader, []byte("two"))
		holds(t, store, []byte("two"))
		identity, err := os.ReadFile(filepath.Join(dir, lockName))
		if err != nil || len(identity) != 33 {
			t.Errorf("identity %q, %v", identity, err)
		}
	}
}
