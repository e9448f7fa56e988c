package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestASecretFileIsReadWithoutItsLineEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for _, c := range [][2]string{
		{"hunter2", "hunter2"},
		{"hunter2\n", "hunter2"},
		{"hunter2\r\n", "hunter2"},
		{"\ufeffhunter2\r\n", "hunter2"},
		{"hunter 2\n", "hunter 2"},
		{"'h\"ü€", "'h\"ü€"},
	} {
		content, want := c[0], c[1]
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := secretFile(path, "THE_VARIABLE").read()
		if got != want || err != nil {
			t.Errorf("%q: %q %v", content, got, err)
		}
	}
}

func TestASecretFileIsReadAgainWhenItHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	source := secretFile(path, "THE_VARIABLE")
	for _, content := range []string{"one", "two"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := source.read(); got != content || err != nil {
			t.Errorf("%q: %q %v", content, got, err)
		}
	}
}

func TestASecretInAPipeIsReadOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := w.WriteString("hunter2\n"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("this system has no names for pipes") // and no process substitution either
	}
	source := secretFile("/dev/fd/"+strconv.Itoa(int(r.Fd())), "THE_VARIABLE")
	for range 2 {
		if got, err := source.read(); got != "hunter2" || err != nil {
			t.Errorf("%q %v", got, err)
		}
	}
}

func TestASecretFileThatOthersMayReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing there")
	}
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"group": 0o640, "all": 0o604, "write": 0o602} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("hunter2"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := secretFile(path, "THE_VARIABLE").read()
		status, line := explain(err)
		if status != exitUsage || !strings.Contains(line, "THE_VARIABLE") || !strings.Contains(line, "chmod 600") || strings.Contains(line, "hunter2") {
			t.Errorf("%s: %d %q", name, status, line)
		}
	}
}

func TestWhatIsNoSecretFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, path := range []string{
		dir, filepath.Join(dir, "absent"), write("empty", ""), write("blank", " \n"), write("large", strings.Repeat("x", secretFileLimit+1)),
		// What would be sent, counted as a failed login, and never found.
		write("space before", " hunter2\n"), write("space after", "hunter2 \n"), write("two line ends", "hunter2\n\n"), write("two lines", "hunter2\nhunter3\n"),
		write("carriage return", "hunter2\r"), write("UTF-16", "\xff\xfeh\x00u\x00"), write("big UTF-16", "\xfe\xff\x00h"), write("Latin-1", "h\xfcnter"),
		write("NUL", "hunter\x002"), write("mark only", "\ufeff\n"), write("mark inside", "hunter\ufeff2"),
	} {
		if _, err := secretFile(path, "THE_VARIABLE").read(); err == nil {
			t.Errorf("%s passes", path)
		} else if status, line := explain(err); status != exitUsage || strings.Contains(line, "hunter") {
			t.Errorf("%s: %d %q", path, status, line)
		}
	}
}
