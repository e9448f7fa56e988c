package filestore_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"iot.internal/thingspace/internal/scratchfs"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

func TestPowerFailureForgetsNoSwap(t *testing.T) {
	disk := scratchfs.NewDisk(t)
	store := filestore.New(filepath.Join(disk.Dir, "state", "thingspace"))
	var current []byte
	for _, next := range [][]byte{[]byte("one"), bytes.Repeat([]byte("two"), 5000), nil, []byte("three")} {
		swap(t, store, current, next)
		after := filestore.New(filepath.Join(disk.AfterPowerFailure(t), "state", "thingspace"))
		holds(t, after, next)
		// And it is the same store, for those that knew it.
		before, err := os.ReadFile(filepath.Join(store.Dir(), lockName))
		if err != nil {
			t.Fatal(err)
		}
		if lock, err := os.ReadFile(filepath.Join(after.Dir(), lockName)); !bytes.Equal(lock, before) || err != nil {
			t.Errorf("identity %q, %v, want %q", lock, err, before)
		}
		current = next
	}
}

func TestPowerFailureLosesNoSavedPassword(t *testing.T) {
	disk := scratchfs.NewDisk(t)
	for _, password := range []string{"IMgr8", "Wh0a1545a84d"} {
		saveCredentials(t, filepath.Join(disk.Dir, "credentials.json"), "zbeeblebrox", password)
		loadsAs(t, filepath.Join(disk.AfterPowerFailure(t), "credentials.json"), "zbeeblebrox", password)
	}
}

func TestFullDiskKeepsTheRecord(t *testing.T) {
	dir := filepath.Join(scratchfs.Tmpfs(t, 64<<10), "store")
	store := filestore.New(dir)
	old := bytes.Repeat([]byte("o"), 40<<10)
	swap(t, store, nil, old)
	if ok, err := store.Swap(t.Context(), key, old, bytes.Repeat([]byte("n"), 40<<10)); ok || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Swap on a full disk = %v, %v", ok, err)
	}
	holds(t, store, old)
	holds(t, filestore.New(dir), old)
	if left := temporaries(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	swap(t, store, old, []byte("small"))
}

func TestFullDiskFromTheStartIsAnErrorAndHeals(t *testing.T) {
	top := scratchfs.Tmpfs(t, 64<<10)
	ballast := filepath.Join(top, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	store := filestore.New(filepath.Join(top, "store"))
	if ok, err := store.Swap(t.Context(), key, nil, []byte("one")); ok || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Swap = %v, %v", ok, err)
	}
	holds(t, store, nil)
	removeAll(t, ballast)
	swap(t, store, nil, []byte("one"))
	holds(t, filestore.New(store.Dir()), []byte("one"))
}

func TestLeftoversOfTheDeadMakeRoomOnAFullDisk(t *testing.T) {
	dir := scratchfs.Tmpfs(t, 64<<10)
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	left := filepath.Join(dir, "."+key+".json.0123456789abcdef.tmp")
	if err := os.WriteFile(left, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	swap(t, store, []byte("one"), bytes.Repeat([]byte("two"), 5000))
}

func TestFullDiskKeepsTheCredentials(t *testing.T) {
	dir := scratchfs.Tmpfs(t, 64<<10)
	path := filepath.Join(dir, "credentials.json")
	saveCredentials(t, path, "zbeeblebrox", "IMgr8")
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := save(t, path, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Save on a full disk: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
	if left := temporaries(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestReadOnlyStoreIsReadAndNotWritten(t *testing.T) {
	dir := t.TempDir()
	swap(t, filestore.New(dir), nil, []byte("one"))
	scratchfs.ReadOnly(t, dir)
	store := filestore.New(dir)
	holds(t, store, []byte("one"))
	if ok, err := store.Swap(t.Context(), key, []byte("one"), []byte("two")); ok || !errors.Is(err, syscall.EROFS) {
		t.Errorf("Swap = %v, %v", ok, err)
	}
}

func TestUnmountedStoreIsNotTakenForAnEmptyOne(t *testing.T) {
	dir := scratchfs.Tmpfs(t, 64<<10)
	store := filestore.New(dir)
	swap(t, store, nil, []byte("one"))
	scratchfs.Unmount(t, dir)
	refuses(t, store, filestore.ErrLost)
}

func TestPipeInThePlaceOfAFileBlocksNobody(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{key + ".json", "credentials.json"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, filestore.New(dir), filestore.ErrNotRegular)
	path := filepath.Join(dir, "credentials.json")
	if _, err := filestore.Credentials(path).Load(t.Context()); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("Load: %v", err)
	}
	if err := save(t, path, "zbeeblebrox", "IMgr8"); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("Save: %v", err)
	}
}

// secretMount lays out a directory as the kubelet does: the name leads over ..data to a directory with
// a time stamp, all of it readable by everybody and mounted read-only.
func secretMount(t *testing.T, password string) (path string) {
	t.Helper()
	dir := t.TempDir()
	version := "..2026_11_23_10_00_00.1545"
	if err := os.Mkdir(filepath.Join(dir, version), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, version, "credentials.json"), `{"username":"zbeeblebrox","password":"`+password+`"}`, 0o644)
	for name, to := range map[string]string{"..data": version, "credentials.json": "..data/credentials.json"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(dir, "credentials.json")
	if _, err := filestore.Credentials(path).Load(t.Context()); !errors.Is(err, filestore.ErrInsecure) {
		t.Fatalf("Load before it was mounted read-only: %v", err)
	}
	scratchfs.ReadOnly(t, dir)
	return path
}

func TestSecretOnAReadOnlyMountIsReadAlthoughOthersMayReadIt(t *testing.T) {
	loadsAs(t, secretMount(t, "IMgr8"), "zbeeblebrox", "IMgr8")
}

func TestSaveToAReadOnlyMountTouchesNothing(t *testing.T) {
	path := secretMount(t, "IMgr8")
	before := names(t, filepath.Dir(path))
	err := save(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if !errors.Is(err, filestore.ErrReadOnly) || !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), path) {
		t.Errorf("Save: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
	if after := names(t, filepath.Dir(path)); !slices.Equal(before, after) {
		t.Errorf("touched: %q", after)
	}
}

// A single file mounted into a container cannot be replaced, only its directory could be mounted.
func TestSaveToAFileThatIsAMountSaysSo(t *testing.T) {
	path := credentialsAt(t, documented, 0o600)
	scratchfs.Bind(t, path, path)
	err := save(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if !errors.Is(err, filestore.ErrReadOnly) || !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), "mount its directory") {
		t.Errorf("Save: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
	if left := temporaries(t, filepath.Dir(path)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	scratchfs.ReadOnly(t, path)
	if err := save(t, path, "zbeeblebrox", "Wh0a1545a84d"); !errors.Is(err, filestore.ErrReadOnly) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("Save to a read-only file: %v", err)
	}
}

func TestWritableFileInAReadOnlyDirectoryIsReadOnly(t *testing.T) {
	path, writable := credentialsAt(t, documented, 0o600), credentialsAt(t, documented, 0o600)
	scratchfs.ReadOnly(t, filepath.Dir(path))
	scratchfs.Bind(t, writable, path)
	err := save(t, path, "zbeeblebrox", "Wh0a1545a84d")
	if !errors.Is(err, filestore.ErrReadOnly) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("Save: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
}

// somebody is a user without rights, and without an account.
const somebody = 54321

// startAs starts the other process as a user who can reach the test binary and the directory that is
// returned, and belongs to him.
func startAs(t *testing.T, uid uint32) (*child, string) {
	t.Helper()
	scratchfs.Root(t)
	// Not t.TempDir: what is above that is closed to others.
	top, err := os.MkdirTemp("", "filestore") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(t, top) })
	chmod(t, top, 0o755)
	program := filepath.Join(top, "program")
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	chown(t, dir, uid)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: false}}
	return startCommand(t, cmd), dir
}

func chown(t *testing.T, path string, uid uint32) {
	t.Helper()
	if err := os.Lchown(path, int(uid), int(uid)); err != nil {
		t.Fatal(err)
	}
}

func TestAdministratorsLookDoesNotLockTheServiceOut(t *testing.T) {
	service, dir := startAs(t, somebody)
	for name, rootFirst := range map[string]bool{"root first": true, "root second": false} {
		store := filepath.Join(dir, name)
		if err := os.Mkdir(store, 0o700); err != nil {
			t.Fatal(err)
		}
		chown(t, store, somebody)
		path := filepath.Join(dir, name+".json")
		root, theirs := session.Store(filestore.New(store)), session.Store(handle{service, len(name), store})
		saveAs := func(password string) error {
			_, err := service.ask(t.Context(), request{Op: "save", Dir: path, User: "zbeeblebrox", Passwrd: password})
			return err
		}
		first, second := root, theirs
		if rootFirst {
			saveCredentials(t, path, "zbeeblebrox", "IMgr8")
		} else {
			first, second = theirs, root
			if err := saveAs("IMgr8"); err != nil {
				t.Fatal(err)
			}
			saveCredentials(t, path, "zbeeblebrox", "grflbk")
		}
		swap(t, first, nil, []byte("one"))
		holds(t, second, []byte("one"))
		swap(t, second, []byte("one"), []byte("two"))
		holds(t, first, []byte("two"))
		swap(t, first, []byte("two"), []byte("three"))
		holds(t, second, []byte("three"))
		if err := saveAs("Wh0a1545a84d"); err != nil {
			t.Errorf("%s: Save: %v", name, err)
		}
		loadsAs(t, path, "zbeeblebrox", "Wh0a1545a84d")
	}
}

func TestWhatTheUserMayNotReadIsNotAbsent(t *testing.T) {
	service, dir := startAs(t, somebody)
	swap(t, filestore.New(dir), nil, []byte("one"))
	record, lock := filepath.Join(dir, key+".json"), filepath.Join(dir, lockName)
	h := handle{service, 1, dir}
	chown(t, record, 0)
	refuses(t, h, fs.ErrPermission)
	chown(t, record, somebody)
	holds(t, h, []byte("one"))
	chown(t, lock, 0)
	refuses(t, handle{service, 2, dir}, fs.ErrPermission)
	chown(t, lock, somebody)
	chown(t, dir, 0)
	refuses(t, handle{service, 3, dir}, fs.ErrPermission)
}

func TestSaveWhereTheUserMayNotWriteTouchesNothing(t *testing.T) {
	service, dir := startAs(t, somebody)
	path := filepath.Join(dir, "credentials.json")
	writeFile(t, path, documented, 0o600)
	chown(t, path, somebody)
	chown(t, dir, 0)
	chmod(t, dir, 0o755)
	_, err := service.ask(t.Context(), request{Op: "save", Dir: path, User: "zbeeblebrox", Passwrd: "Wh0a1545a84d"})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("Save: %v", err)
	}
	if r, err := service.ask(t.Context(), request{Op: "read", Dir: path}); string(r.Value) != "zbeeblebrox IMgr8" || err != nil {
		t.Errorf("Load = %q, %v", r.Value, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"credentials.json"}) {
		t.Errorf("touched: %q", got)
	}
	// A directory that can be written to, and a file of somebody else's.
	chown(t, dir, somebody)
	chown(t, path, 0)
	if _, err := service.ask(t.Context(), request{Op: "save", Dir: path, User: "zbeeblebrox", Passwrd: "Wh0a1545a84d"}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save over a file that cannot be read: %v", err)
	}
	loadsAs(t, path, "zbeeblebrox", "IMgr8")
}
