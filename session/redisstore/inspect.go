package redisstore

import (
	"fmt"
	"strings"
)

// facts is what a server says about itself.
type facts struct {
	info   map[string]string // sections of INFO; nil if it was refused
	save   *string           // CONFIG GET save; nil if it was refused
	fsync  *string           // CONFIG GET appendfsync; nil if it was refused
	remote bool              // reached without encryption over a network
	// managed: the client follows a cluster or sentinels
	managed string
}

func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			info[name] = value
		}
	}
	return info
}

// judge says whether a server can be used at all, and what it may cost.
func (f facts) judge() ([]Finding, error) {
	var found []Finding
	add := func(r Risk, format string, args ...any) {
		found = append(found, Finding{r, fmt.Sprintf(format, args...)})
	}
	if f.remote {
		add(Plaintext, "the connection is not encrypted")
	}
	if f.managed != "" {
		add(Failover, "the client follows %s", f.managed)
	}
	if f.info == nil {
		add(Unchecked, "the command INFO is refused, so role, eviction and persistence are not known")
		return found, nil
	}
	switch role := f.info["role"]; {
	case f.info["redis_mode"] == "sentinel":
		return nil, ErrSentinel
	case role == "slave":
		return nil, fmt.Errorf("%w (by its INFO)", ErrReadOnly)
	case role == "":
		add(Unchecked, "INFO does not tell the server's role")
	}
	if f.info["cluster_enabled"] == "1" && f.managed == "" {
		return nil, ErrCluster
	}
	if n := f.info["connected_slaves"]; n != "" && n != "0" {
		add(Replicated, "%s connected", count(n, "replica is", "replicas are"))
	}
	f.judgeEviction(add)
	f.judgePersistence(add)
	return found, nil
}

func count(n, one, many string) string {
	if n == "1" {
		return "1 " + one
	}
	return n + " " + many
}

func (f facts) judgeEviction(add func(Risk, string, ...any)) {
	limit, known := f.info["maxmemory"]
	policy := f.info["maxmemory_policy"]
	switch {
	case !known || policy == "" && limit != "0":
		add(Unchecked, "INFO does not tell maxmemory and its policy")
	case limit != "0" && strings.HasPrefix(policy, "allkeys"):
		add(Eviction, "maxmemory is %s bytes and the policy is %s", limit, policy)
	}
}

func (f facts) judgePersistence(add func(Risk, string, ...any)) {
	switch f.info["aof_enabled"] {
	case "1":
		switch {
		case f.fsync == nil:
			add(LastSecond, "the command CONFIG GET is refused, so appendfsync is not known")
		case *f.fsync != "always":
			add(LastSecond, "appendfsync is %s", *f.fsync)
		}
	case "0":
		switch {
		case f.save == nil:
			add(Unchecked, "appendonly is no and the command CONFIG GET is refused, so it is not known whether snapshots are taken")
		case *f.save == "":
			add(Volatile, "appendonly is no and there are no save points")
		default:
			add(Snapshots, `appendonly is no, and save is "%s"`, *f.save)
		}
	default:
		add(Unchecked, "INFO does not tell whether there is an append-only file")
	}
}
