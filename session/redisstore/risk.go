package redisstore

import (
	"fmt"
	"slices"
	"strings"
)

// Risk is a way in which a server may forget the record, or a part of it, although it has answered
// that it keeps it. What it forgets are failed logins: then more than five may be spent, and the
// account is locked.
type Risk string

// A server with one of these is refused, unless [Accept] names it.
const (
	// Eviction: maxmemory is set, and the policy (allkeys-…) removes keys that have no expiry when
	// memory is short. Cure: noeviction or one of the volatile-… policies, which leave our keys alone.
	Eviction Risk = "eviction"
	// Volatile: neither an append-only file nor snapshots; a restart forgets everything. Cure:
	// appendonly yes. Accepting it accepts [Snapshots] too.
	Volatile Risk = "volatile"
	// Snapshots: no append-only file; a crash forgets everything since the last snapshot, which may
	// be an hour. Cure: appendonly yes.
	Snapshots Risk = "snapshots"
	// Failover: a cluster or sentinels may promote a replica that lacks the latest writes, since
	// replication is asynchronous. Cure: a single server.
	Failover Risk = "failover"
	// Unchecked: the server does not let this user see what the other risks depend on. Cure: the
	// rights info and config|get; or accept it, if a person has checked the server.
	Unchecked Risk = "unchecked"
)

// A server with one of these is used; [Store.Findings] tells.
const (
	// LastSecond: the append-only file is not flushed before each answer (appendfsync is not
	// "always"). If the machine dies, the last second or two ("everysec") or half a minute ("no") is
	// forgotten; if only the server does, seldom anything.
	LastSecond Risk = "last-second"
	// Replicated: replicas are connected. If one of them is ever promoted, the latest writes may be
	// lost; see [Failover].
	Replicated Risk = "replicated"
	// Plaintext: the connection is neither encrypted nor local. Secrets in the record are sealed, but
	// who can change what goes over the wire can change the count of failed logins, and who listens
	// learns the password for the server.
	Plaintext Risk = "plaintext"
)

var refused = []Risk{Eviction, Volatile, Snapshots, Failover, Unchecked}

// Finding is something about a server that may cost the record.
type Finding struct {
	Risk   Risk
	Detail string // what was seen, in words
}

// String returns the finding in words.
func (f Finding) String() string { return string(f.Risk) + ": " + f.Detail }

// UnsafeError says why a server was refused. It matches [ErrUnsafe].
type UnsafeError struct {
	Findings []Finding // those that were not accepted
}

// Error says what was found and what may be done about it.
func (e *UnsafeError) Error() string {
	var b strings.Builder
	b.WriteString(ErrUnsafe.Error())
	for i, f := range e.Findings {
		sep := "; "
		if i == 0 {
			sep = " ("
		}
		fmt.Fprintf(&b, "%s%s", sep, f)
	}
	b.WriteString("): mend the server, or accept the risk explicitly")
	return b.String()
}

// Unwrap returns [ErrUnsafe].
func (e *UnsafeError) Unwrap() error { return ErrUnsafe }

// unaccepted is what speaks against the server.
func unaccepted(findings []Finding, accepted []Risk) error {
	var against []Finding
	for _, f := range findings {
		if slices.Contains(refused, f.Risk) && !accepts(accepted, f.Risk) {
			against = append(against, f)
		}
	}
	if against == nil {
		return nil
	}
	return &UnsafeError{Findings: against}
}

func accepts(accepted []Risk, r Risk) bool {
	return slices.Contains(accepted, r) || r == Snapshots && slices.Contains(accepted, Volatile)
}
