// Package redisstore keeps the shared record of the session client in a Redis server, for a fleet.
//
//	store, err := redisstore.New(ctx, "rediss://thingspace@redis.internal:6379/0",
//		redisstore.WithPassword(password))
//	if err != nil { … }
//	defer store.Close()
//	client, err := session.New(session.Config{Store: store, …})
//
// It needs one server of Redis 6.0 or later, or one that behaves like it, with an append-only file and
// without eviction of keys that have no expiry. (It is tested with Redis 7.0.)
//
// # What is stored
//
// A hash per account, named by the prefix and 64 hex digits: the field "record" holds the record, half a
// kilobyte of JSON that grows to a few when much has failed, the field "format" says 1. The server
// needs about a kilobyte for it. It has no expiry, and stays, without "record", when a record is
// deleted. Session token, bearer and, during a rotation, the new password
// are sealed with a key that is derived from the application's secret, passwords are there as keyed
// fingerprints: who reads the server learns when logins were made and failed, and nothing that opens
// the account. Who writes to it can make the fleet forget failed logins. A channel of the same name
// tells of changes; its messages are empty.
//
// [Store.Swap] is a script that compares and writes in one step. Nothing is cached, no lock with a
// time-out is taken, and nothing that was sent is sent again: after an error a Swap may or may not have
// happened, and the session client looks. A server that was held up for longer than the caller was
// willing to wait does not begin a Swap afterwards: it knows the moment, by its own clock.
//
// A store holds one connection, over which it also subscribes while somebody waits for a change: word
// of it comes with the answer to the Swap, on loopback after a fifth of a millisecond, and a word that
// is lost costs a few seconds until the next poll. An idle store sends nothing.
//
// A server that breaks the protocol, or is none of Redis, is an error ([ErrProtocol]); no answer is
// larger in memory than a few megabytes.
//
// # What the server must not forget
//
// The record counts the failed logins of an account that the platform locks after five. So the store
// asks the server, at every new connection, what it is and what it may lose, and refuses it by an
// [UnsafeError] if it may remove the record when memory is short ([Eviction]), does not write it to
// disk ([Volatile]), or only now and then ([Snapshots]), or may be replaced by a replica that lags
// behind ([Failover]), or does not say ([Unchecked]: services often forbid CONFIG or INFO). [Accept],
// or accept=volatile in the URL, takes a risk on purpose. A replica is refused by [ErrReadOnly].
//
// A record that this process has seen and that is gone is [ErrLost]: somebody has emptied the server,
// or it came back without its disk. Nobody who has seen the record logs in then, until there is one
// again: check that the password is right, then start one process anew or rearm.
//
// With appendfsync always nothing that was answered is forgotten, whoever dies. With everysec the death
// of the machine (power, kernel, virtual machine) may cost the last second or two, with no half a
// minute; the death of the server process alone costs nothing, unless its disk is so slow that it puts
// off writing, for two seconds at most. What is forgotten then are the failed logins of that time, in
// which a fleet can make three, and that a password was refused or retired, so that it is tried again.
// "always" costs one flush of the disk a Swap, of which a fleet makes a few a minute: take it.
//
// Replication is asynchronous: if a replica is promoted, by sentinels, a cluster, a service or a
// person, the same is lost that the replica had not received, and for as long as an old master is
// reachable beside a new one each has a record of its own. WAIT and min-replicas-to-write narrow that
// and do not rule it out. A replica for backup does no harm ([Replicated] tells of it).
//
// # Rights
//
// The smallest user for the default prefix:
//
//	ACL SETUSER thingspace on >PASSWORD resetkeys ~thingspace:* resetchannels &thingspace:* -@all
//	    +hmget +hset +hdel +evalsha +eval +time +publish +subscribe +unsubscribe +ping
//	    +info +config|get
//
// The last two are for the inspection: without +info the store opens only with [Unchecked] accepted,
// without +config|get too if there is no append-only file. Without +subscribe those who wait for a
// login elsewhere poll, once a second at last. (Redis 6.0 has no rights to channels: leave out
// "resetchannels &thingspace:*".)
//
// # When the server is away
//
// Every operation ends with its context and after [DefaultTimeout]. A client goes on with the session
// in hand, refuses to log in with session.ErrStoreUnavailable, and works again as soon as the server
// answers; [Lazy] lets it even start before that.
//
// Importing package session does not pull this package in, nor its client library.
package redisstore
