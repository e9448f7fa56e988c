// Package mount tells whether an open file is reached through a read-only mount: there nobody can mend
// a file's mode, and Kubernetes mounts a Secret so.
package mount
