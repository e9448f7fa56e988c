package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// MaxSize bounds an encoded record. With every list full it stays well below.
const MaxSize = 64 << 10

// ErrUnreadable: the bytes are no record. ErrVersion: a record of a later major version. Neither is
// permission to log in.
var (
	ErrUnreadable = errors.New("the stored record is unreadable")
	ErrVersion    = errors.New("the stored record has a version this program does not know")
)

// Decode reads a record; nil bytes are the record of an account nobody used yet. Errors never quote
// the content.
func Decode(data []byte) (Record, error) {
	if data == nil {
		return Record{Version: Version}, nil
	}
	if len(data) > MaxSize {
		return Record{}, fmt.Errorf("%w: larger than %d bytes", ErrUnreadable, MaxSize)
	}
	var head struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &head) != nil || head.Version < 1 {
		return Record{}, ErrUnreadable
	}
	if head.Version != Version {
		return Record{}, fmt.Errorf("%w: %d", ErrVersion, head.Version)
	}
	var r Record
	if json.Unmarshal(data, &r) != nil {
		return Record{}, ErrUnreadable
	}
	return r, nil
}

// Encode writes a record. Fields that a later minor version wrote, and this one does not know, are
// written back.
func Encode(r Record) ([]byte, error) {
	r.Version = Version
	return json.Marshal(r)
}

// extra holds the fields of an object that this version does not know.
type extra map[string]json.RawMessage

func decode[T any](data []byte, into *T) (extra, error) {
	if err := json.Unmarshal(data, into); err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		delete(all, name)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

func encode[T any](from T, unknown extra) ([]byte, error) {
	known, err := json.Marshal(from)
	if err != nil || len(unknown) == 0 {
		return known, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(known, &all); err != nil {
		return nil, err
	}
	for name, value := range unknown {
		if _, taken := all[name]; !taken {
			all[name] = value
		}
	}
	return json.Marshal(all)
}

// The plain types are the same fields without the methods below.
type (
	plainRecord      Record
	plainApplication Application
	plainSession     Session
	plainBearer      Bearer
	plainStrike      Strike
	plainLease       Lease
	plainRotation    Rotation
)

// UnmarshalJSON keeps unknown fields.
func (r *Record) UnmarshalJSON(data []byte) (err error) {
	r.extra, err = decode(data, (*plainRecord)(r))
	return err
}

// MarshalJSON writes unknown fields back.
func (r Record) MarshalJSON() ([]byte, error) { return encode(plainRecord(r), r.extra) }

// UnmarshalJSON keeps unknown fields.
func (a *Application) UnmarshalJSON(data []byte) (err error) {
	a.extra, err = decode(data, (*plainApplication)(a))
	return err
}

// MarshalJSON writes unknown fields back.
func (a Application) MarshalJSON() ([]byte, error) { return encode(plainApplication(a), a.extra) }

// UnmarshalJSON keeps unknown fields.
func (s *Session) UnmarshalJSON(data []byte) (err error) {
	s.extra, err = decode(data, (*plainSession)(s))
	return err
}

// MarshalJSON writes unknown fields back.
func (s Session) MarshalJSON() ([]byte, error) { return encode(plainSession(s), s.extra) }

// UnmarshalJSON keeps unknown fields.
func (b *Bearer) UnmarshalJSON(data []byte) (err error) {
	b.extra, err = decode(data, (*plainBearer)(b))
	return err
}

// MarshalJSON writes unknown fields back.
func (b Bearer) MarshalJSON() ([]byte, error) { return encode(plainBearer(b), b.extra) }

// UnmarshalJSON keeps unknown fields.
func (s *Strike) UnmarshalJSON(data []byte) (err error) {
	s.extra, err = decode(data, (*plainStrike)(s))
	return err
}

// MarshalJSON writes unknown fields back.
func (s Strike) MarshalJSON() ([]byte, error) { return encode(plainStrike(s), s.extra) }

// UnmarshalJSON keeps unknown fields.
func (l *Lease) UnmarshalJSON(data []byte) (err error) {
	l.extra, err = decode(data, (*plainLease)(l))
	return err
}

// MarshalJSON writes unknown fields back.
func (l Lease) MarshalJSON() ([]byte, error) { return encode(plainLease(l), l.extra) }

// UnmarshalJSON keeps unknown fields.
func (r *Rotation) UnmarshalJSON(data []byte) (err error) {
	r.extra, err = decode(data, (*plainRotation)(r))
	return err
}

// MarshalJSON writes unknown fields back.
func (r Rotation) MarshalJSON() ([]byte, error) { return encode(plainRotation(r), r.extra) }
