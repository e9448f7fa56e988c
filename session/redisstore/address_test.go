package redisstore

import (
	"fmt"
	"strings"
	"testing"
)

func TestURLIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"redis://h":                              "tcp h:6379 0 '' '' redis://h:6379/0",
		"redis://h/":                             "tcp h:6379 0 '' '' redis://h:6379/0",
		"redis://h:1/7":                          "tcp h:1 7 '' '' redis://h:1/7",
		"rediss://u:p@h:1/7":                     "tcp h:1 7 'u' 'p' rediss://h:1/7",
		"redis://:p%23%2F%40@h":                  "tcp h:6379 0 '' 'p#/@' redis://h:6379/0",
		"redis://u@h":                            "tcp h:6379 0 'u' '' redis://h:6379/0",
		"redis://[::1]:6379/2":                   "tcp [::1]:6379 2 '' '' redis://[::1]:6379/2",
		"unix:///run/redis/s?db=3":               "unix /run/redis/s 3 '' '' unix:///run/redis/s?db=3",
		"unix://u:p@/run/s":                      "unix /run/s 0 'u' 'p' unix:///run/s?db=0",
		"redis://h?prefix=x:&accept=volatile":    "tcp h:6379 0 '' '' redis://h:6379/0 prefix=x: [volatile]",
		"redis://h?accept=unchecked,snapshots":   "tcp h:6379 0 '' '' redis://h:6379/0 [unchecked snapshots]",
		"redis://h.example.com:6380/0?prefix=a%": "",
	} {
		a, err := parseURL(text)
		if want == "" {
			if err == nil {
				t.Errorf("%s is read as %s", text, a)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		password := ""
		if a.password != nil {
			password = a.password.Reveal()
		}
		got := fmt.Sprintf("%s %s %d '%s' '%s' %s", a.network, a.hostport, a.db, a.username, password, a)
		if a.prefix != nil {
			got += " prefix=" + *a.prefix
		}
		if a.accepted != nil {
			got += fmt.Sprint(" ", a.accepted)
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestBadURLIsRefusedWithoutQuotingIt(t *testing.T) {
	for _, text := range []string{
		"", "s3cret", "s3cret:6379", "http://u:s3cret@h", "redis:s3cret@h", "redis://", "redis://:s3cret@", "redis://:s3cret@:6379",
		"redis://u:s3#cret@h", "redis://u:s3cret@h#x", "redis://u:s3cret/x@h", "redis://u:s3cret@h:port", "redis://u:s3cret%zz@h",
		"redis://u:s3cret@h/one", "redis://u:s3cret@h/-1", "redis://u:s3cret@h/1/2", "redis://u:s3cret@h?db=1", "redis://h?password=s3cret",
		"redis://h?prefix=a&prefix=s3cret", "rediss://u:s3cret@h?skip_verify=true", "redis://u:s3cret@h?accept=everything&x=%zz",
		"unix://s3cret/run/s", "unix://", "unix:relative", "unix://u:s3cret@/s?db=x", "redis://u:s3cret@h\x7f", "redis://u:s3 cret@h h",
	} {
		_, err := parseURL(text)
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "cret") && strings.Contains(text, "s3#cret") {
			t.Errorf("%q is quoted: %v", text, err)
		}
	}
}

func TestPlainConnectionsWithinTheMachineAreLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"redis://localhost": true, "redis://127.0.0.1": true, "redis://127.8.8.8": true, "redis://[::1]": true, "unix:///s": true,
		"redis://redis": false, "redis://10.0.0.1": false, "redis://localhost.example.com": false,
	} {
		a, err := parseURL(text)
		if err != nil || a.local() != want {
			t.Errorf("%s: local is %v, %v", text, a.local(), err)
		}
	}
}
