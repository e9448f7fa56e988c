package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
)

// full is a record with something in every field.
func full() Record {
	lease := Lease{ID: "l", Probe: true, Length: time.Minute}
	return Record{
		Version: Version, Epoch: 2, Seq: 9, RefusedSeq: 3, Freed: 1, ProbeOwed: true, OneAttempt: true,
		NotBefore: now, Backoff: 4 * time.Second, Refused: []string{"r"}, Retired: []string{"t"}, Lease: &lease,
		Strikes: []Strike{{ID: "s", Seq: 4, State: Unknown, At: now, Over: 5, Reset: true}},
		Rotation: &Rotation{
			ID: "m", Seq: 6, Phase: Saving, Old: "t", New: "n", Sealed: []byte{1}, At: now, Over: 7, Length: time.Minute, Rival: true,
		},
		Applications: applications{"app": {
			Generation: 8, Unproven: 1, Seen: now, Fetch: &lease, Bearer: &Bearer{Sealed: []byte{2}, Expires: now},
			Session: &Session{Sealed: []byte{3}, Generation: 8, Seq: 4, Obtained: now, LastUsed: now, Proven: true},
		}},
	}
}

func decoded(t *testing.T, data []byte) Record {
	t.Helper()
	r, err := Decode(data)
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return r
}

func TestRecordComesBackAsItWas(t *testing.T) {
	want := full()
	if got := decoded(t, encoded(t, want)); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	check := func(v reflect.Value, path string) { // a field that is added is to be added above
		for i := range v.NumField() {
			f, name := v.Field(i), path+v.Type().Field(i).Name
			if name[len(path)] >= 'a' {
				continue
			}
			if f.IsZero() {
				t.Errorf("%s is not tested", name)
			}
		}
	}
	app := want.Applications["app"]
	for _, part := range []any{want, app, *app.Session, *app.Bearer, want.Strikes[0], *want.Lease, *want.Rotation} {
		check(reflect.ValueOf(part), reflect.TypeOf(part).Name()+".")
	}
}

func TestNothingStoredIsANewAccount(t *testing.T) {
	r := decoded(t, nil)
	if _, v := r.BeginLogin(asking("a", "right")); v.Decision != Proceed {
		t.Errorf("decision %d", v.Decision)
	}
}

// newer is what a later minor version might write: a field it alone knows in every object.
const newer = `{"version":1,"seq":3,"x":{"deep":[1,{"y":null}]},
	"applications":{"app":{"generation":2,"x":1,"session":{"sealed":"AQ==","generation":2,"seq":1,"obtained":"2026-11-23T12:00:00Z","lastUsed":"2026-11-23T12:00:00Z","x":2},
		"bearer":{"sealed":"Ag==","expires":"2026-11-23T12:00:00Z","x":3},"fetch":{"id":"f","length":1,"x":4}}},
	"strikes":[{"id":"s","seq":2,"state":"pending","at":"2026-11-23T12:00:00Z","x":5}],
	"lease":{"id":"s","length":1,"x":6},
	"rotation":{"id":"m","seq":3,"phase":"sending","old":"o","at":"2026-11-23T12:00:00Z","length":1,"x":7}}`

// unknown finds the fields named x, by where they are.
func unknown(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				if k == "x" {
					found[path] = fmt.Sprint(inner)
					continue
				}
				walk(inner, path+"/"+k)
			}
		case []any:
			for i, inner := range v {
				walk(inner, fmt.Sprint(path, "/", i))
			}
		}
	}
	walk(tree, "")
	return found
}

func TestUnknownFieldsSurviveARewriteAtEveryLevel(t *testing.T) {
	r := decoded(t, []byte(newer))
	want := map[string]string{
		"": "map[deep:[1 map[y:<nil>]]]", "/applications/app": "1", "/applications/app/session": "2", "/applications/app/bearer": "3",
		"/applications/app/fetch": "4", "/strikes/0": "5", "/lease": "6", "/rotation": "7",
	}
	if got := unknown(t, encoded(t, r)); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	// Transitions keep what is about the things they leave in place.
	login := Attempt{ID: "s", Seq: 2, Fingerprint: "o", At: now}
	reset := Attempt{ID: "m", Seq: 3, Fingerprint: "o", At: now, Length: 1}
	touched, _ := r.Touch("app", 2, now.Add(time.Hour))
	logged, _ := r.SettleLogin(login, Answer{Outcome: NoAnswer, Now: now})
	refused, _ := r.SettleLogin(login, Answer{Outcome: Rejected, Now: now})
	sent, _ := r.SendReset("m")
	waited, _ := r.BeginLogin(lapsed("b", "o", "m"))
	for name, c := range map[string]struct {
		r    Record
		less []string // that are gone with what they were in
	}{
		"touch":             {touched, nil},
		"logout":            {r.BeginLogout(), nil},
		"login unknown":     {logged, []string{"/lease"}},
		"login refused":     {refused, []string{"/lease"}},
		"reset begins":      {sent, nil},
		"reset accepted":    {r.SettleRotation(reset, Answer{Outcome: Accepted, Now: now, New: "n", Sealed: []byte{1}}), nil},
		"reset unknown":     {r.SettleRotation(reset, Answer{Outcome: NoAnswer, Now: now}), nil},
		"mark given up":     {waited, nil},
		"bearer not to get": {r.EndFetch("app", "f", nil, now), []string{"/applications/app/fetch"}},
		"cleared":           {r.Cleared(now), nil},
	} {
		rest := maps.Clone(want)
		for _, path := range c.less {
			delete(rest, path)
		}
		if got := unknown(t, encoded(t, c.r)); !maps.Equal(got, rest) {
			t.Errorf("%s: got  %v\nwant %v", name, got, rest)
		}
	}
}

func TestRecordOfAnOlderMinorVersionIsRead(t *testing.T) {
	r := decoded(t, []byte(`{"version":1}`))
	if len(r.Strikes) != 0 || r.Rotation != nil {
		t.Errorf("record %+v", r)
	}
}

// wantNoPermission: an error of the right kind, nothing of the record, and none of its text.
func wantNoPermission(t *testing.T, data []byte, kind error) {
	t.Helper()
	r, err := Decode(data)
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
	if !reflect.DeepEqual(r, Record{}) {
		t.Errorf("with the error came %+v", r)
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error quotes the record: %v", err)
	}
}

func TestUnknownMajorVersionFailsClosed(t *testing.T) {
	for _, text := range []string{
		`{"version":2}`, `{"version":2147483647,"strikes":"none"}`, `{"version":2,"hunter2":[]}`,
	} {
		t.Run(text, func(t *testing.T) { wantNoPermission(t, []byte(text), ErrVersion) })
	}
}

func TestWhatIsNoRecordIsNoPermission(t *testing.T) {
	whole := string(encoded(t, full()))
	cases := map[string]string{
		"nothing":                          "",
		"blank":                            " \n",
		"zeroes":                           strings.Repeat("\x00", 512),
		"HTML":                             "<html>hunter2</html>",
		"null":                             "null",
		"a list":                           "[]",
		"an empty object":                  "{}",
		"no version":                       `{"strikes":[]}`,
		"version nought":                   `{"version":0}`,
		"a version below":                  `{"version":-1}`,
		"a version in words":               `{"version":"1"}`,
		"a version and a bit":              `{"version":1.5}`,
		"a huge version":                   `{"version":99999999999999999999}`,
		"two records":                      `{"version":1}{"version":1}`,
		"garbage behind":                   `{"version":1}hunter2`,
		"strikes are no list":              `{"version":1,"strikes":"hunter2"}`,
		"strikes are null":                 `{"version":1,"strikes":null}`,
		"a strike is null":                 `{"version":1,"strikes":[null]}`,
		"a strike is a number":             `{"version":1,"strikes":[1]}`,
		"a number below nought":            `{"version":1,"seq":-1}`,
		"a time that is none":              `{"version":1,"notBefore":"hunter2"}`,
		"sealed in no base64":              `{"version":1,"rotation":{"sealed":"%"}}`,
		"a mark that is null":              `{"version":1,"rotation":null}`,
		"strikes twice":                    `{"version":1,"strikes":[{"id":"a"},{"id":"b"},{"id":"c"}],"strikes":[]}`,
		"strikes in another case":          `{"version":1,"STRIKES":[]}`,
		"strikes twice, in another case":   `{"version":1,"strikes":[{"id":"a"}],"Strikes":[]}`,
		"a strike's state twice":           `{"version":1,"strikes":[{"id":"a","state":"pending","state":"refused"}]}`,
		"a strike's over in another case":  `{"version":1,"strikes":[{"id":"a","Over":1}]}`,
		"versions twice":                   `{"version":1,"version":1}`,
		"an application twice":             `{"version":1,"applications":{"a":{},"a":{}}}`,
		"a field that nobody knows, twice": `{"version":1,"x":1,"x":2}`,
		"the mark's phase twice":           `{"version":1,"rotation":{"phase":"lost","phase":"settled"}}`,
		"broken UTF-8 in an id":            "{\"version\":1,\"refused\":[\"\xff\"]}",
		"broken UTF-8 in an unknown field": "{\"version\":1,\"x\":\"\xc3\"}",
		"larger than any record":           `{"version":1,"x":"` + strings.Repeat("a", MaxSize) + `"}`,
		"deeper than any record":           `{"version":1,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) { wantNoPermission(t, []byte(text), ErrUnreadable) })
	}
	for n := 1; n < len(whole); n++ {
		if _, err := Decode([]byte(whole[:n])); !errors.Is(err, ErrUnreadable) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

func TestNegativeCountOfAttemptsGivenBackGivesNoneBack(t *testing.T) {
	r := decoded(t, []byte(`{"version":1,"freed":-1000}`))
	r, a := begun(t, r, asking("a", "right"))
	r, _ = r.SettleLogin(a, Answer{Outcome: NotEvaluated, Now: now, Answered: true})
	if len(r.Strikes) != 1 {
		t.Errorf("%d strikes, want 1: nobody knows how many were given back", len(r.Strikes))
	}
}

func TestEmptyRecordIsWrittenWithAVersion(t *testing.T) {
	if got := string(encoded(t, Record{})); got != `{"version":1}` {
		t.Errorf("got %s", got)
	}
}

// Every list full, and tokens as long as any that are kept.
func TestFullRecordIsReadableWhateverTheTokens(t *testing.T) {
	r := full()
	r.Strikes, r.Refused, r.Retired = strikes(maxStrikes).Strikes, nil, nil
	fingerprint := strings.Repeat("f", 64)
	for range maxRefused {
		r.Refused = append(r.Refused, fingerprint)
	}
	for range maxRetired {
		r.Retired = append(r.Retired, fingerprint)
	}
	r.Rotation.Sealed = make([]byte, 1100)
	for n := range maxApplications {
		app := r.Applications["app"]
		app.Seen = now.Add(time.Duration(n) * time.Second)
		session, bearer := *app.Session, *app.Bearer
		session.Sealed, bearer.Sealed = make([]byte, 4200), make([]byte, 4200)
		app.Session, app.Bearer = &session, &bearer
		r.Applications[fmt.Sprint("app", n)] = app
	}
	got := decoded(t, encoded(t, r))
	last := fmt.Sprint("app", maxApplications-1)
	if len(got.Applications) == 0 || got.Applications[last].Session == nil {
		t.Errorf("%d applications, the last one seen is not among them", len(got.Applications))
	}
	if len(got.Strikes) != maxStrikes || len(got.Retired) != maxRetired || got.Rotation == nil {
		t.Error("what is known of the account was dropped")
	}
	if len(r.Applications) != maxApplications+1 {
		t.Error("encoding changed the record")
	}
}

func TestRecordThatNobodyCouldReadIsNotWritten(t *testing.T) {
	r := full()
	for n := range 2000 {
		r.Refused = append(r.Refused, fmt.Sprint(strings.Repeat("f", 64), n))
	}
	if data, err := Encode(r); !errors.Is(err, ErrTooLarge) || data != nil {
		t.Errorf("%d bytes, error %v, want ErrTooLarge", len(data), err)
	}
}
