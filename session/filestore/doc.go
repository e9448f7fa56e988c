// Package filestore keeps the shared record of the session client in files, for all processes of one
// host, and the credentials in a file that a password reset can change.
//
// [New] is a [session.Store] on a directory: a file per account (0600) in a directory of its own
// (0700), and a lock file that is never removed. [Credentials] is a [session.CredentialSaver] on a
// JSON file. Both write to a temporary file in the same directory, flush it, rename it into place and
// flush the directory, so that a killed process or a power failure leaves the old content or the new
// one, whole; and both return only after that. The next writer removes what a killed one left.
//
// # What the store does not trust
//
// A directory or record that others may write to, a record that is a symbolic link or not a regular
// file or larger than [MaxRecord], and a file that cannot be read are errors; none of them is taken
// for an account without a record, since that would be permission to log in. Content is handed out as
// it is, however odd: the client judges it, and takes nothing unreadable for permission either.
//
// The store must not forget. A process remembers the identity that the lock file carries, and if the
// directory is removed, emptied, replaced, or its file system unmounted while the process runs, every
// later operation fails with [ErrLost] instead of starting an empty count. A process that starts
// afterwards cannot know; so keep the directory where nothing cleans up (not /tmp, not a container's
// own file system).
//
// # Accounts on one host
//
// Processes that share a directory run as one user, or as root: what root creates in the directory it
// gives to the directory's owner, so that an administrator's look at the status does not lock a
// service out.
//
// # Network file systems
//
// On NFS (Linux, version 4, or 3 with a lock daemon) the store holds for the processes of one host: a
// home directory on NFS is fine. Between hosts it does not hold: the lock works, but names and
// attributes are cached, a Swap may compare with a record that is seconds old, and strikes would be
// lost. The same goes for SMB and most FUSE file systems. This is what their documentation says; it
// was not tried. A fleet shares package redisstore. A file system without locks is an error that
// [errors.ErrUnsupported] matches.
//
// # Windows
//
// The lock is LockFileEx and the rename MoveFileEx with write-through, tried again for two seconds if
// a scanner holds the file. The store's Load takes the lock too, because a file that is open for
// reading cannot be replaced there; that of the credentials does not, and may fail at the moment of a
// Save. Modes mean nothing: who may read and write is up to the access list that the directory hands
// down, so it belongs under the user's profile, and no file or directory is refused for its mode. It
// compiles and is vetted for Windows, and is tested on Linux.
package filestore
