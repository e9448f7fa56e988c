package filestore_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/storetest"
)

func TestStoreKeepsTheLawsOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) session.Store { return filestore.New(t.TempDir()) })
}

func TestHandlesOfOneDirectoryKeepTheLawsOfAStore(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		dir := filepath.Join(t.TempDir(), "not", "there", "yet")
		return func() session.Store { return filestore.New(dir) }
	})
}

func TestLoadUnderTheLockKeepsTheLawsOfAStore(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		dir := filepath.Join(t.TempDir(), "store")
		return func() session.Store { return filestore.LockedStore{Store: filestore.New(dir)} }
	})
}

// Every handle is one of four processes, in turn.
func TestProcessesKeepTheLawsOfAStore(t *testing.T) {
	children := [4]*child{start(t), start(t), start(t), start(t)}
	var handles atomic.Int64
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		dir := filepath.Join(t.TempDir(), "store")
		return func() session.Store {
			n := int(handles.Add(1))
			return handle{children[n%len(children)], n, dir}
		}
	})
}
