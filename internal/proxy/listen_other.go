//go:build !unix

package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
)

func listenUnix(context.Context, string) (net.Listener, error) {
	return nil, fmt.Errorf("a socket cannot be kept private on this system: %w", errors.ErrUnsupported)
}
