package session_test

import (
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/storetest"
)

func TestMemoryStoreKeepsTheLawsOfAStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) session.Store { return session.NewMemoryStore() })
}
