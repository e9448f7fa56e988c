package session_test

import (
	"encoding/json"
	"errors"
	"syscall"
	"testing"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

func TestG4AnOldSealedPasswordIsNotSavedAgain(t *testing.T) {
	virtually(t, func(t *testing.T) {
		p := sessiontest.New(t)
		c := p.Client(t)
		key := recordKey(t, p)
		type fields = map[string]json.RawMessage
		load := func() (raw []byte, r fields) {
			raw, err := p.Store().Load(t.Context(), key)
			if err != nil || json.Unmarshal(raw, &r) != nil {
				t.Fatal("no record", err)
			}
			return raw, r
		}
		// rotate stops between the answer and saving it, keeps the mark, and finishes.
		rotate := func() (mark fields) {
			p.Credentials().FailSave(1, syscall.EROFS)
			var kept *session.RotationError
			if _, err := c.ResetPassword(t.Context()); !errors.As(err, &kept) {
				t.Fatalf("error %v, want a RotationError", err)
			}
			p.Credentials().FailSave(0, nil)
			_, r := load()
			if err := json.Unmarshal(r["rotation"], &mark); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			for range 3 { // the first may only see that the mark is there
				if _, err := c.Login(t.Context()); err == nil {
					return mark
				}
			}
			t.Fatal("the rotation was not finished")
			return nil
		}
		first, second := rotate(), rotate()
		// Somebody who can write to the store, and knows no secret, says that the first is to be saved.
		second["old"], second["new"], second["sealed"] = second["new"], first["new"], first["sealed"]
		raw, r := load()
		r["rotation"], _ = json.Marshal(second)
		delete(r, "retired")
		forged, _ := json.Marshal(r)
		if ok, err := p.Store().Swap(t.Context(), key, raw, forged); !ok || err != nil {
			t.Fatal(ok, err)
		}
		time.Sleep(time.Hour)
		_, _ = c.Login(t.Context())
		if p.Credentials().Password() != p.Password() {
			t.Error("a password that was rotated away was saved over the one in force")
		}
	})
}
