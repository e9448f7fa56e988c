package killtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/ledger"
	"iot.internal/thingspace/internal/seal"
	"iot.internal/thingspace/session/sessiontest"
)

// place is where in a rotation a kill fell.
type place int

const (
	beforeMark place = iota
	proving
	marked
	sentDropped
	sentActed
	acted
	answered
	sealed
	saved
	finished
	everywhere
)

func (p place) String() string {
	return [everywhere]string{
		"before the mark",
		"proving that saving works",
		"about to be sent",
		"sent, and never acted upon",
		"sent, and acted upon after the kill",
		"acted upon, not answered",
		"answered, not sealed",
		"sealed, not saved",
		"saved, mark not cleared",
		"done",
	}[p]
}

// sight is what the test saw of the reset right before the kill.
type sight struct {
	acted    bool
	answered bool
}

func (s *stage) look() sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sight{acted: s.platform.Counters().ResetsDone > 0, answered: s.wire.answered > 0}
}

// remains is what a killed process left, once the platform is silent.
type remains struct {
	inFile  string // the password in the credentials file
	inForce string // the platform's
	sealed  string // the one in the record's mark, if there is one
	phase   ledger.Phase
	arrived bool // the reset, at the platform
}

// remains reads the files. It says an error for whatever must not be, wherever the kill fell.
func (s *stage) remains(t *testing.T) remains {
	t.Helper()
	r := remains{inFile: s.password(), inForce: s.platform.Password()}
	s.mu.Lock()
	r.arrived = s.wire.arrived > 0
	s.mu.Unlock()
	record, box := s.record(t)
	if m := record.Rotation; m != nil {
		r.phase = m.Phase
		if m.Phase == ledger.Saving {
			var err error
			if r.sealed, err = box.Open("password after "+m.Old, m.Sealed); err != nil {
				t.Errorf("the password in the record cannot be opened: %v", err)
			}
		}
	}
	if r.inFile != r.inForce && r.phase == "" {
		t.Error("a password was lost silently: the file has another than the platform, and the record says nothing")
	}
	if r.phase == ledger.Saving && r.sealed != r.inForce {
		t.Error("the record holds another password than the one in force")
	}
	if r.inFile != s.old && r.inFile != r.inForce {
		t.Error("the file has neither the old password nor the one in force")
	}
	if n := s.platform.Counters().Strikes; n > len(record.Strikes) {
		t.Errorf("the platform counts %d strikes, the record %d", n, len(record.Strikes))
	}
	return r
}

// record reads the record. No secret may be in it as it is.
func (s *stage) record(t *testing.T) (ledger.Record, *seal.Box) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil || len(files) > 1 {
		t.Fatalf("records %q, %v", files, err)
	}
	if len(files) == 0 {
		return ledger.Record{}, nil
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{s.old, s.platform.Password(), sessiontest.DefaultSecret} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Error("a secret can be read in the record")
		}
	}
	record, err := ledger.Decode(raw)
	if err != nil {
		t.Fatalf("the record is not whole: %v", err)
	}
	box, err := seal.NewBox(sessiontest.DefaultSecret, strings.TrimSuffix(filepath.Base(files[0]), ".json"))
	if err != nil {
		t.Fatal(err)
	}
	return record, box
}

// place says where the kill fell, by what is left, and by what was seen of the reset on its way.
func (s *stage) place(before sight, r remains) place {
	changed := r.inForce != s.old
	switch {
	case r.phase == ledger.Saving && r.inFile == s.old:
		return sealed
	case r.phase == ledger.Saving:
		return saved
	case r.phase == "" && changed:
		return finished
	case r.phase == "":
		return beforeMark
	case r.phase == ledger.Proving:
		return proving
	case !r.arrived:
		return marked
	case !changed:
		return sentDropped
	case !before.acted:
		return sentActed
	case !before.answered:
		return acted
	}
	return answered
}
