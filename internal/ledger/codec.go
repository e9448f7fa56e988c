package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxSize bounds an encoded record. What is known of the account stays far below it; the tokens of
// many applications need not.
const MaxSize = 64 << 10

// ErrUnreadable: the bytes are no record. ErrVersion: a record of another major version. ErrTooLarge:
// a record that nobody could read back. None is permission to log in.
var (
	ErrUnreadable = errors.New("the stored record is unreadable")
	ErrVersion    = errors.New("the stored record has a version this program does not know")
	ErrTooLarge   = fmt.Errorf("the record would be larger than %d bytes", MaxSize)
)

// Decode reads a record; nil bytes are the record of an account nobody used yet. It is strict where
// leniency could lose a strike: no name twice, none in another case, no null, no broken UTF-8. Errors
// never quote the content.
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
	if !utf8.Valid(data) || json.Unmarshal(data, &head) != nil || head.Version < 1 {
		return Record{}, ErrUnreadable
	}
	if head.Version != Version {
		return Record{}, fmt.Errorf("%w: %d", ErrVersion, head.Version)
	}
	var r Record
	if json.Unmarshal(data, &r) != nil {
		return Record{}, ErrUnreadable
	}
	if r.Freed < 0 {
		r.Freed = MaxFreed // nobody knows how many there were
	}
	return r, nil
}

// Encode writes a record. Fields that a later minor version wrote, and this one does not know, are
// written back. If it would be too large to be read, applications go, the one not seen for longest
// first: their tokens can be had again, what is known of the account cannot.
func Encode(r Record) ([]byte, error) {
	r = r.clone()
	for {
		data, err := json.Marshal(r)
		if err != nil || len(data) <= MaxSize {
			return data, err
		}
		if len(r.Applications) == 0 {
			return nil, ErrTooLarge
		}
		r.dropOldest("")
	}
}

// extra holds the fields of an object that this version does not know.
type extra map[string]json.RawMessage

var (
	errTwice = errors.New("a name occurs twice, or in another case")
	errNull  = errors.New("null where there is nothing that could be missing")
)

func decode[T any](data []byte, into *T) (extra, error) {
	all, err := members(data)
	if err != nil {
		return nil, err
	}
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if string(all[name]) == "null" {
			return nil, errNull
		}
		delete(all, name)
		for other := range all {
			// encoding/json would take it for the same.
			if name != "" && strings.EqualFold(other, name) {
				return nil, errTwice
			}
		}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// members takes an object apart. encoding/json lets the last of two members with one name win, which
// could be the one with fewer strikes.
func members(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(err, errors.New("no object"))
	}
	all := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := all[name]; twice {
			return nil, errTwice
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all[name] = value
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

// applications are by id, each once.
type applications map[string]Application

// UnmarshalJSON refuses two applications with one id.
func (a *applications) UnmarshalJSON(data []byte) error {
	if _, err := members(data); err != nil {
		return err
	}
	return json.Unmarshal(data, (*map[string]Application)(a))
}

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
