package ledger

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// FuzzDecode: whatever is stored, it is a record or a typed error, never permission by mistake; and
// what is a record comes back as it was.
func FuzzDecode(f *testing.F) {
	whole, err := Encode(full())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(whole), newer, `{"version":1}`, `{"version":2}`, `null`, "", `{"version":1,"strikes":[{"id":"a"}],"Strikes":[]}`,
		`{"version":1,"rotation":{"phase":"later","id":"m","old":"right"}}`, `{"version":1,"freed":-1,"backoff":-1}`,
		`{"version":1,"lease":{"id":"","length":-5},"notBefore":"9999-12-31T23:59:59Z"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) && !errors.Is(err, ErrVersion) {
				t.Fatalf("error %v", err)
			}
			if !reflect.DeepEqual(r, Record{}) {
				t.Fatalf("a record with error %v", err)
			}
			return
		}
		again, err := Encode(r)
		if errors.Is(err, ErrTooLarge) {
			return // escapes can make it longer than it was
		}
		if err != nil {
			t.Fatalf("it was read and cannot be written: %v", err)
		}
		second, err := Decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, again)
		}
		third, err := Encode(second)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("it changes by being read and written: %v\n%s\n%s", err, again, third)
		}
		neverMore(t, r)
	})
}

// neverMore: whatever a record says, no transition sends a password it calls wrong, or lists a fifth
// strike.
func neverMore(t *testing.T, r Record) {
	t.Helper()
	c := asking("fuzz", "right")
	next, v := r.BeginLogin(c)
	if v.Decision == Proceed {
		if len(r.Strikes) >= Limit && !r.OneAttempt || len(r.Strikes) >= HardLimit {
			t.Fatalf("a login is sent beyond the limit, with %d strikes", len(r.Strikes))
		}
		if r.Known(c.Fingerprint) && !r.OneAttempt {
			t.Fatal("a password that is known to be wrong is sent")
		}
		if r.Lease != nil || r.Rotation != nil && r.Rotation.Busy() {
			t.Fatal("a login is sent beside what another process does")
		}
		if len(next.Strikes) != len(r.Strikes)+1 && r.strike(c.ID) == nil {
			t.Fatalf("%d strikes after %d: it is not listed", len(next.Strikes), len(r.Strikes))
		}
	}
	if _, v := r.BeginRotation(c); v.Decision == Proceed && len(r.Strikes) >= Limit {
		t.Fatalf("a reset is sent beyond the limit, with %d strikes", len(r.Strikes))
	}
	if _, ok := r.AllowOne(); ok && len(r.Strikes) >= HardLimit {
		t.Fatal("a fifth strike is allowed")
	}
}
