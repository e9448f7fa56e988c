package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// names is a resolver that knows some names, and addresses.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	texts, ok := n[host]
	if !ok {
		return nil, errors.New("no such host")
	}
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

var dns = names{
	"localhost":                    {"127.0.0.1", "::1"},
	"staging.example":              {"10.1.2.3", "fd00::1"},
	"thingspace.example":           {"93.184.216.34"},
	"split.example":                {"10.1.2.3", "93.184.216.34"},
	"mapped.example":               {"::ffff:93.184.216.34"},
	"metadata.example":             {"169.254.169.254"},
	"nat64.example":                {"64:ff9b::5db8:d822"},
	"carrier.example":              {"100.64.0.1"},
	"unspecified.example":          {"0.0.0.0"},
	"nowhere.example":              {},
	"thingspace.example.localhost": {"93.184.216.34"},
}

func TestAPublicHostIsRefusedUnlessAskedForTwice(t *testing.T) {
	for _, base := range []string{
		"https://thingspace.example/api", "https://93.184.216.34", "https://[2606:2800:220:1::1]/api", "https://split.example/api",
		"https://mapped.example", "https://metadata.example", "https://nat64.example", "https://carrier.example", "https://unspecified.example",
		"https://thingspace.example.localhost", "https://thingspace.example:127",
	} {
		host, _, _ := strings.Cut(strings.TrimPrefix(base, "https://"), "/")
		host = strings.TrimSuffix(strings.Trim(host, "[]"), ":127")
		for _, once := range []permission{
			{}, {publicHost: host}, {sendsLogins: true}, {publicHost: "other.example", sendsLogins: true}, {publicHost: "*", sendsLogins: true},
		} {
			if _, err := newTarget(t.Context(), base, once, dns); !errors.Is(err, errPublic) {
				t.Errorf("%s with %+v: %v", base, once, err)
			}
		}
		twice := permission{publicHost: strings.ToUpper(host), sendsLogins: true}
		if _, err := newTarget(t.Context(), base, twice, dns); err != nil {
			t.Errorf("%s, asked for twice: %v", base, err)
		}
	}
}

func TestPermissionTakesTwoSettings(t *testing.T) {
	for _, env := range []map[string]string{
		{},
		{"CONTRACT_TEST_PUBLIC_HOST": "h"},
		{"CONTRACT_TEST_SENDS_LOGINS": "yes"},
		{"CONTRACT_TEST_PUBLIC_HOST": "h", "CONTRACT_TEST_SENDS_LOGINS": "1"},
		{"CONTRACT_TEST_PUBLIC_HOST": "", "CONTRACT_TEST_SENDS_LOGINS": "yes"},
	} {
		if p := permissionFrom(func(name string) string { return env[name] }); p.covers("h") {
			t.Errorf("%v", env)
		}
	}
	both := map[string]string{"CONTRACT_TEST_PUBLIC_HOST": "h", "CONTRACT_TEST_SENDS_LOGINS": "yes"}
	if p := permissionFrom(func(name string) string { return both[name] }); !p.covers("H") || p.covers("h.example") || p.covers("") {
		t.Error(p)
	}
}

func TestNearHostsNeedNoPermission(t *testing.T) {
	for _, base := range []string{
		"http://localhost:8080/api", "http://127.0.0.1", "http://[::1]:80/api/", "http://[::ffff:127.0.0.1]", "https://staging.example/api", "https://192.168.1.1",
	} {
		target, err := newTarget(t.Context(), base, permission{}, dns)
		if err != nil {
			t.Errorf("%s: %v", base, err)
		} else if target.public {
			t.Errorf("%s counts as public", base)
		}
	}
}

func TestPlainHTTPGoesToLoopbackOnly(t *testing.T) {
	if _, err := newTarget(t.Context(), "http://staging.example", permission{}, dns); !errors.Is(err, errPlain) {
		t.Error(err)
	}
	asked := permission{publicHost: "thingspace.example", sendsLogins: true}
	if _, err := newTarget(t.Context(), "http://thingspace.example", asked, dns); !errors.Is(err, errPlain) {
		t.Error(err)
	}
}

func TestABaseURLWithASecretIsRefusedWithoutIt(t *testing.T) {
	for _, base := range []string{
		"", "/api", "localhost:8080/api", "//localhost/api", "ftp://localhost", "https://", "https://user:IMgr8@localhost", "https://localhost?t=IMgr8",
		"https://localhost/#IMgr8", "https://localhost/%2fIMgr8", "https://local host/IMgr8", "http:IMgr8", "https://localhost/api?",
	} {
		_, err := newTarget(t.Context(), base, permission{}, dns)
		if !errors.Is(err, errURL) || strings.Contains(err.Error(), "IMgr8") {
			t.Errorf("%s: %v", base, err)
		}
	}
	for _, base := range []string{"https://nowhere.example", "https://unknown.example"} {
		if _, err := newTarget(t.Context(), base, permission{}, dns); err == nil {
			t.Errorf("%s is allowed", base)
		}
	}
}

// A name that was private when it was judged may be public when it is dialled.
func TestTheAddressIsJudgedWhenTheConnectionIsMade(t *testing.T) {
	for base, refused := range map[string]map[string]bool{
		"https://staging.example": {"10.1.2.3:443": false, "[fd00::1]:443": false, "127.0.0.1:443": false, "93.184.216.34:443": true, "169.254.169.254:80": true, "[::ffff:93.184.216.34]:443": true},
		"http://localhost":        {"127.0.0.1:80": false, "[::1]:80": false, "10.1.2.3:80": true, "93.184.216.34:80": true},
	} {
		target, err := newTarget(t.Context(), base, permission{}, dns)
		if err != nil {
			t.Fatal(err)
		}
		for address, want := range refused {
			if err := target.dialer().Control("tcp", address, nil); (err != nil) != want {
				t.Errorf("%s, dialling %s: %v", base, address, err)
			}
		}
	}
}
