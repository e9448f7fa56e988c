package storetest

import (
	"bytes"
	"fmt"
)

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

const showLimit = 40

func show(value []byte) string {
	switch {
	case value == nil:
		return "nil"
	case len(value) > showLimit:
		return fmt.Sprintf("%.*q… (%d bytes)", showLimit, value, len(value))
	}
	return fmt.Sprintf("%q", value)
}
