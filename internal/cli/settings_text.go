package cli

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// plainText refuses what is not meant as it stands: the platform would count it as a failed login.
func plainText(name, value string) error {
	if err := meant(value); err != nil {
		return usage("nothing was sent", "%s %v", name, err)
	}
	return nil
}

// meant says what is wrong with a text that is to be sent as it is.
func meant(value string) error {
	switch {
	case strings.HasPrefix(value, "\xff\xfe"), strings.HasPrefix(value, "\xfe\xff"):
		return errors.New("is UTF-16, not UTF-8")
	case !utf8.ValidString(value):
		return errors.New("is not UTF-8")
	case strings.ContainsAny(value, "\r\n"):
		return errors.New("holds a line end; one line is expected")
	case strings.ContainsFunc(value, unicode.IsControl):
		return errors.New("holds a control character")
	case strings.TrimSpace(value) != value:
		return errors.New("begins or ends with a space")
	case strings.Contains(value, byteOrderMark):
		return errors.New("holds a byte order mark")
	}
	return nil
}
