package cli

import (
	"errors"
	"net"
)

// cannotListen is the error of an address that flag gives: one that makes no sense, or one that cannot be had.
func cannotListen(flag, text string, err error) error {
	status := exitFailed
	var address *net.AddrError
	var name *net.DNSError
	if errors.As(err, &address) || errors.As(err, &name) {
		status = exitUsage
	}
	return &failure{status: status, what: text, todo: "choose another address with " + flag, cause: err}
}
