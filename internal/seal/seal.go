// Package seal keeps secrets out of the shared record: tokens are sealed with a key that only holders
// of the application secret can derive, and passwords appear as keyed fingerprints only.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// ErrForeign says that a sealed value was not sealed with this secret for this record and purpose, or
// was changed.
var ErrForeign = errors.New("sealed with another application secret, or damaged")

// Box seals values for one record under one application secret. It is safe for concurrent use.
type Box struct {
	aead      cipher.AEAD
	recordKey string
}

// NewBox derives the key (HKDF-SHA256, AES-256-GCM) for the record under recordKey.
func NewBox(applicationSecret, recordKey string) (*Box, error) {
	key, err := hkdf.Key(sha256.New, []byte(applicationSecret), []byte(recordKey), "thingspace session record v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead, recordKey}, nil
}

// Seal encrypts value. The purpose binds it to its place in the record, so that a sealed password
// moved to where a token belongs does not open.
func (b *Box) Seal(purpose, value string) []byte {
	return b.aead.Seal(nil, nil, []byte(value), b.bound(purpose)) //nolint:gosec // G407: NewGCMWithRandomNonce makes the nonce itself
}

// Open returns what was sealed for the same record, purpose and secret.
func (b *Box) Open(purpose string, sealed []byte) (string, error) {
	value, err := b.aead.Open(nil, nil, sealed, b.bound(purpose))
	if err != nil {
		return "", ErrForeign
	}
	return string(value), nil
}

func (b *Box) bound(purpose string) []byte { return []byte(b.recordKey + "\x00" + purpose) }

// RecordKey names the record of an account: 64 hex characters. Whether the platform minds the case of
// user names, or space around them, is not known; one ledger for all spellings is the safe side.
func RecordKey(canonicalBaseURL, username string) string {
	sum := sha256.Sum256([]byte(canonicalBaseURL + "\x00" + folded(username)))
	return hex.EncodeToString(sum[:])
}

// Fingerprint tells passwords apart without telling anything about them to who lacks the application
// secret: a reader of the store cannot try candidates. A user name with a NUL, which no login is sent
// with, could be confused with another's.
func Fingerprint(applicationSecret, username, password string) string {
	return keyed(applicationSecret, folded(username)+"\x00"+password)
}

// ApplicationID names an application inside a record. It depends on the secret too, so that processes
// before and after a change of that secret do not overwrite what only the other half can open.
func ApplicationID(applicationKey, applicationSecret string) string {
	// It begins as no fingerprint does: no user name is empty.
	return keyed(applicationSecret, "\x00application\x00"+applicationKey)[:32]
}

// NewID returns an identifier nobody else has.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}

// folded is the same for all spellings that a system may take for the same: some compare in upper
// case, some in lower case.
func folded(username string) string {
	return strings.ToLower(strings.ToUpper(strings.TrimSpace(username)))
}

func keyed(secret, value string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}
