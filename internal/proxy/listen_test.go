package proxy

import (
	"errors"
	"net"
	"testing"
)

func TestOtherThanLoopbackMustBeMeant(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.invalid:0", "10.0.0.1:80"} {
		if l, err := Listen(t.Context(), address, false); !errors.Is(err, ErrExposed) {
			t.Errorf("%s: %v %v", address, l, err)
		}
	}
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1", "unix:"} {
		if l, err := Listen(t.Context(), address, true); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v %v", address, l, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.1.2.3:0"} {
		l, err := Listen(t.Context(), address, false)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = l.Close()
	}
	l, err := Listen(t.Context(), "0.0.0.0:0", true)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestFurtherHostNamesAreChecked(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	for _, name := range []string{"", "a b", "http://x", "x:0", "x:99999", "x:y", ":80", "a/b", "x@y"} {
		if _, err := HostsOf(addr, []string{name}); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	h, err := HostsOf(addr, []string{"::2"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{"127.0.0.1": true, "localhost": true, "[::1]": true, "[::2]": true, "[::2]:9": true, "localhost:80": true, "localhost:81": false, "": false, ":80": false} {
		if h.accept(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
	h, err = HostsOf(&net.UnixAddr{Name: "/x", Net: "unix"}, nil)
	if err != nil || !h.accept("whatever") {
		t.Error("a Unix socket has no name to be called by")
	}
}
