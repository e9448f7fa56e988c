package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func told(s string) *string { return &s }

// safe is a server that forgets nothing.
func safe(changes ...string) facts {
	f := facts{save: told(""), fsync: told("always"), info: map[string]string{
		"redis_mode": "standalone", "role": "master", "maxmemory": "0", "maxmemory_policy": "noeviction", "aof_enabled": "1",
		"cluster_enabled": "0", "connected_slaves": "0",
	}}
	for i := 0; i < len(changes); i += 2 {
		f.info[changes[i]] = changes[i+1]
	}
	return f
}

func TestServerIsJudgedByWhatItMayForget(t *testing.T) {
	with := func(f facts, change func(*facts)) facts { change(&f); return f }
	for name, c := range map[string]struct {
		facts facts
		want  string // the risks found, a comma between; or the beginning of an error
	}{
		"safe":                         {safe(), ""},
		"limited, noeviction":          {safe("maxmemory", "1000"), ""},
		"limited, allkeys-lru":         {safe("maxmemory", "1000", "maxmemory_policy", "allkeys-lru"), "eviction"},
		"limited, allkeys-random":      {safe("maxmemory", "1000", "maxmemory_policy", "allkeys-random"), "eviction"},
		"limited, volatile-lru":        {safe("maxmemory", "1000", "maxmemory_policy", "volatile-lru"), ""},
		"unlimited, allkeys-lru":       {safe("maxmemory", "0", "maxmemory_policy", "allkeys-lru"), ""},
		"policy not told":              {safe("maxmemory", "1000", "maxmemory_policy", ""), "unchecked"},
		"everysec":                     {with(safe(), func(f *facts) { f.fsync = told("everysec") }), "last-second"},
		"fsync no":                     {with(safe(), func(f *facts) { f.fsync = told("no") }), "last-second"},
		"AOF, no CONFIG":               {with(safe(), func(f *facts) { f.fsync, f.save = nil, nil }), "last-second"},
		"no AOF, no snapshots":         {safe("aof_enabled", "0"), "volatile"},
		"no AOF, snapshots":            {with(safe("aof_enabled", "0"), func(f *facts) { f.save = told("3600 1 300 100") }), "snapshots"},
		"no AOF, no CONFIG":            {with(safe("aof_enabled", "0"), func(f *facts) { f.fsync, f.save = nil, nil }), "unchecked"},
		"AOF not told":                 {safe("aof_enabled", ""), "unchecked"},
		"role not told":                {safe("role", ""), "unchecked"},
		"no INFO":                      {facts{}, "unchecked"},
		"nothing told":                 {facts{info: map[string]string{}}, strings.Repeat("unchecked, ", 2) + "unchecked"},
		"replica":                      {safe("role", "slave"), "the server is a read-only replica"},
		"sentinel":                     {safe("redis_mode", "sentinel", "role", ""), "the server is a sentinel"},
		"node of a cluster":            {safe("cluster_enabled", "1"), "the server belongs to a cluster"},
		"cluster that is followed":     {with(safe("cluster_enabled", "1"), func(f *facts) { f.managed = "a cluster" }), "failover"},
		"replicas":                     {safe("connected_slaves", "2"), "replicated"},
		"not encrypted":                {with(safe(), func(f *facts) { f.remote = true }), "plaintext"},
		"everything that can be wrong": {with(safe("maxmemory", "1", "maxmemory_policy", "allkeys-lfu", "aof_enabled", "0", "connected_slaves", "1"), func(f *facts) { f.remote = true }), "plaintext, replicated, eviction, volatile"},
	} {
		found, err := c.facts.judge()
		var risks []string
		for _, f := range found {
			risks = append(risks, string(f.Risk))
			if f.Detail == "" {
				t.Errorf("%s: %s says nothing", name, f.Risk)
			}
		}
		got := strings.Join(risks, ", ")
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRiskIsRefusedUnlessAccepted(t *testing.T) {
	for _, c := range []struct {
		found    Risk
		accepted []Risk
		ok       bool
	}{
		{Eviction, nil, false},
		{Volatile, nil, false},
		{Snapshots, nil, false},
		{Failover, nil, false},
		{Unchecked, nil, false},
		{LastSecond, nil, true},
		{Replicated, nil, true},
		{Plaintext, nil, true},
		{Eviction, []Risk{Eviction}, true},
		{Snapshots, []Risk{Snapshots}, true},
		{Snapshots, []Risk{Volatile}, true},
		{Volatile, []Risk{Snapshots, Eviction, Failover, Unchecked}, false},
	} {
		finding := Finding{c.found, "detail"}
		err := unaccepted([]Finding{finding}, c.accepted)
		if (err == nil) != c.ok {
			t.Errorf("%s with %v accepted: %v", c.found, c.accepted, err)
		}
		if err != nil && (!errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), fmt.Sprint(finding))) {
			t.Errorf("the error does not say why: %v", err)
		}
	}
}

func TestInfoIsParsed(t *testing.T) {
	got := parseInfo("# Server\r\nredis_mode:standalone\r\n\r\n# Replication\r\nrole:master\r\nslave0:ip=10.0.0.2,port=6379,state=online\r\nlast:x")
	for name, want := range map[string]string{"redis_mode": "standalone", "role": "master", "slave0": "ip=10.0.0.2,port=6379,state=online", "last": "x", "absent": ""} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, opts := range map[string][]Option{
		"unknown risk":    {Accept("everything")},
		"advisory risk":   {Accept(LastSecond)},
		"long time limit": {WithTimeout(maxTimeout + 1)},
		"negative limit":  {WithTimeout(-1)},
		"space in prefix": {WithPrefix("a b")},
		"long prefix":     {WithPrefix(strings.Repeat("a", maxPrefix+1))},
	} {
		if _, err := collect(opts); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestServerTextIsMadeHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"WRONGPASS invalid username-password pair":                                       "WRONGPASS invalid username-password pair",
		"ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'u' 's3cret'": "ERR unknown command 'HELLO'",
		"ERR your s3cret is bad\r\n\x1b[31m":                                             "ERR your [redacted] is bad   [31m",
		strings.Repeat("x", 1000):                                                        strings.Repeat("x", limitServerText) + "…",
	} {
		if got := harmless(text, []string{"", "s3cret"}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
