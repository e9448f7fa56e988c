package session

import (
	"errors"
	"fmt"
)

var errPanicked = errors.New("it panicked")

// shielded calls code that is not ours: a store, a credential source, a transport, a hook. If that
// panics, it has failed: it must cost neither a strike nor a password, nor the process when it was
// called in the background. The panic's value may hold anything, so only its type is told.
func shielded(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: a %T", errPanicked, r)
		}
	}()
	return call()
}
