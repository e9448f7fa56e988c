package seal_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"iot.internal/thingspace/internal/seal"
)

const (
	secret = "made-up-application-secret"
	record = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	token  = "bcce3ea6-fe4f-4952-bacf-eadd80718e83"

	// golden is token sealed as a session by the first version. Every later one has to open it.
	golden = "3e9a7ce78a32ba891f321c7994b0173de7f13cf357ceb81ef06e8bc0db7fda11" +
		"3f5186e5ff39402c409fbd4ea3e4d58f63f5e89ce0d18a7da7aa136e7824e008"
)

func box(tb testing.TB, applicationSecret, recordKey string) *seal.Box {
	tb.Helper()
	b, err := seal.NewBox(applicationSecret, recordKey)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestSealedValueOpens(t *testing.T) {
	for _, value := range []string{token, "", "\x00", "\xff\xfe", "Wh0a1545a84d", strings.Repeat("long ", 10_000)} {
		sealed := box(t, secret, record).Seal("session", value)
		// By another process: with a box of its own.
		if got, err := box(t, secret, record).Open("session", sealed); got != value || err != nil {
			t.Errorf("%.20q: %.20q, %v", value, got, err)
		}
	}
}

func TestValueSealedByTheFirstVersionOpens(t *testing.T) {
	if got, err := box(t, secret, record).Open("session", unhex(t, golden)); got != token || err != nil {
		t.Errorf("%q, %v: records in use cannot be read any more", got, err)
	}
}

func unhex(tb testing.TB, digits string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestSealedValueOpensNowhereElse(t *testing.T) {
	sealed := box(t, secret, record).Seal("session", token)
	for name, c := range map[string]struct{ secret, record, purpose string }{
		"another secret":              {secret + "x", record, "session"},
		"a secret in capitals":        {strings.ToUpper(secret), record, "session"},
		"no secret":                   {"", record, "session"},
		"another record":              {secret, strings.Repeat("0", 64), "session"},
		"no record":                   {secret, "", "session"},
		"where a password belongs":    {secret, record, "password"},
		"where a bearer belongs":      {secret, record, "bearer"},
		"no purpose":                  {secret, record, ""},
		"a longer purpose":            {secret, record, "session2"},
		"secret and record exchanged": {record, secret, "session"},
	} {
		if got, err := box(t, c.secret, c.record).Open(c.purpose, sealed); got != "" || !errors.Is(err, seal.ErrForeign) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// Nor does a password, where a token belongs.
	b := box(t, secret, record)
	if got, err := b.Open("session", b.Seal("password", "Wh0a1545a84d")); got != "" || !errors.Is(err, seal.ErrForeign) {
		t.Errorf("a password opens as a session: %q, %v", got, err)
	}
}

func TestDamagedValueDoesNotOpen(t *testing.T) {
	b := box(t, secret, record)
	sealed := b.Seal("session", token)
	refuse := func(what string, changed []byte) {
		t.Helper()
		if got, err := b.Open("session", changed); got != "" || !errors.Is(err, seal.ErrForeign) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	for bit := range 8 * len(sealed) {
		flipped := bytes.Clone(sealed)
		flipped[bit/8] ^= 1 << (bit % 8)
		refuse(fmt.Sprintf("bit %d", bit), flipped)
	}
	for n := range sealed {
		refuse(fmt.Sprintf("first %d bytes", n), sealed[:n])
		refuse(fmt.Sprintf("without the first %d bytes", n+1), sealed[n+1:])
	}
	refuse("one byte more", append(bytes.Clone(sealed), 0))
	refuse("twice", append(bytes.Clone(sealed), sealed...))
	refuse("nothing", nil)
	refuse("the token itself", []byte(token))
	refuse("in hex", []byte(hex.EncodeToString(sealed)))
	if got, err := b.Open("session", sealed); got != token || err != nil {
		t.Errorf("opening changed what was sealed: %q, %v", got, err)
	}
}

func TestSealedValueTellsNothing(t *testing.T) {
	b := box(t, secret, record)
	seen := map[string]bool{}
	for range 1000 {
		sealed := b.Seal("session", token)
		if seen[string(sealed)] {
			t.Fatal("the same value sealed twice looks the same")
		}
		seen[string(sealed)] = true
		for _, part := range []string{token, token[:8], secret, "session"} {
			if bytes.Contains(sealed, []byte(part)) {
				t.Fatalf("%q can be read", part)
			}
		}
	}
}

func TestBoxPrintsNoKey(t *testing.T) {
	b := box(t, secret, record)
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(record), "thingspace session record v1", 32)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, value := range []any{b, *b, []any{b}, struct{ b *seal.Box }{b}} {
			text := fmt.Sprintf(verb, value)
			for _, part := range []string{secret, hex.EncodeToString([]byte(secret)), string(key), hex.EncodeToString(key), strings.Trim(fmt.Sprint(key), "[]"), fmt.Sprintf("%#v", key[:4])} {
				if strings.Contains(text, part) {
					t.Errorf("%s prints the key: %s", verb, text)
				}
			}
		}
	}
}

func TestBoxServesManyAtOnce(t *testing.T) {
	b := box(t, secret, record)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			value := fmt.Sprint(i)
			if got, err := b.Open("session", b.Seal("session", value)); got != value || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestRecordKeyIsOnePerAccount(t *testing.T) {
	const base = "https://thingspace.verizon.com:443/api"
	key := seal.RecordKey(base, "zbeeblebrox")
	if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" || strings.Contains(key, "zbee") {
		t.Errorf("%q", key)
	}
	for _, spelling := range []string{"ZBeeblebrox", "ZBEEBLEBROX", " zbeeblebrox", "zbeeblebrox\n", "\tZbeeblebrox "} {
		if seal.RecordKey(base, spelling) != key {
			t.Errorf("%q has a ledger of its own", spelling)
		}
	}
	for _, same := range [][2]string{{"Müller", "MÜLLER"}, {"kelvin", "\u212aelvin"}, {"\u017fam", "SAM"}, {"σίσυφος", "ΣΊΣΥΦΟΣ"}, {"aydın", "AYDIN"}} {
		if seal.RecordKey(base, same[0]) != seal.RecordKey(base, same[1]) {
			t.Errorf("%q and %q have a ledger each", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{base, "zbeeblebro"}, {base, "zbeeblebrox2"}, {base, "zbeeble brox"}, {base, ""}, {base + "/v2", "zbeeblebrox"}, {"https://mock.thingspace.verizon.com:443/api", "zbeeblebrox"}, {base + "z", "beeblebrox"}} {
		if seal.RecordKey(other[0], other[1]) == key {
			t.Errorf("%q shares the ledger", other)
		}
	}
}

func TestFingerprintTellsPasswordsApart(t *testing.T) {
	seen := map[string]string{}
	for _, c := range [][3]string{
		{secret, "zbeeblebrox", "IMgr8"},
		{secret, "zbeeblebrox", "imgr8"}, // passwords do mind case
		{secret, "zbeeblebrox", "IMgr8 "},
		{secret, "zbeeblebrox", ""},
		{secret, "zbeeblebroxI", "Mgr8"}, // the border between the two counts
		{secret, "zbeeblebro", "xIMgr8"},
		{secret, "zbeeblebrox", "\x00IMgr8"},
		{secret, "", "zbeeblebrox\x00IMgr8"},
		{secret, "a", "b\x00c"},
		{secret, "a", "b"},
		{secret, "b", "a"},
		{secret + "2", "zbeeblebrox", "IMgr8"}, // nor can candidates be tried without the secret
	} {
		fingerprint := seal.Fingerprint(c[0], c[1], c[2])
		if before, ok := seen[fingerprint]; ok {
			t.Errorf("%q has the fingerprint of %s", c, before)
		}
		seen[fingerprint] = fmt.Sprintf("%q", c)
		if len(fingerprint) != 64 || strings.Trim(fingerprint, "0123456789abcdef") != "" {
			t.Errorf("%q: %q", c, fingerprint)
		}
	}
}

func TestFingerprintDoesNotMindHowTheUserNameIsWritten(t *testing.T) {
	want := seal.Fingerprint(secret, "zbeeblebrox", "IMgr8")
	for _, spelling := range []string{"ZBeeblebrox", "ZBEEBLEBROX", " zbeeblebrox", "zbeeblebrox\r\n"} {
		if seal.Fingerprint(secret, spelling, "IMgr8") != want {
			t.Errorf("a password refused for zbeeblebrox would be sent again for %q", spelling)
		}
	}
	// What other processes, of older and newer versions, have to compute as well.
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("zbeeblebrox\x00IMgr8"))
	if hex.EncodeToString(mac.Sum(nil)) != want {
		t.Error("it is not the documented one: HMAC-SHA256(application secret, user name, 0, password)")
	}
}

func TestApplicationIDDependsOnKeyAndSecret(t *testing.T) {
	id := seal.ApplicationID("key", secret)
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || id != seal.ApplicationID("key", secret) {
		t.Errorf("%q", id)
	}
	for _, other := range [][2]string{{"key", secret + "2"}, {"key2", secret}, {"KEY", secret}, {"", secret}, {secret, "key"}} {
		if seal.ApplicationID(other[0], other[1]) == id {
			t.Errorf("%q has the id of another application", other)
		}
	}
	for _, c := range [][2]string{{"application", "key"}, {"zbeeblebrox", "\x00application\x00key"}} {
		if strings.HasPrefix(seal.Fingerprint(secret, c[0], c[1]), id) {
			t.Errorf("the application's id tells that the password of %q is %q", c[0], c[1])
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		id := seal.NewID()
		if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func FuzzOpen(f *testing.F) {
	b := box(f, secret, record)
	valid := unhex(f, golden)
	f.Add("session", valid)
	f.Add("password", valid)
	f.Add("session", valid[1:])
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, purpose string, sealed []byte) {
		before := bytes.Clone(sealed)
		got, err := b.Open(purpose, sealed)
		if !bytes.Equal(sealed, before) {
			t.Fatal("what was sealed was changed")
		}
		if genuine := purpose == "session" && bytes.Equal(sealed, valid); !genuine && (err == nil || got != "") {
			t.Fatalf("%q, %x opens as %q", purpose, sealed, got)
		}
		if err != nil && !errors.Is(err, seal.ErrForeign) {
			t.Fatalf("%v", err)
		}
	})
}

func FuzzSeal(f *testing.F) {
	f.Add("session", token)
	f.Fuzz(func(t *testing.T, purpose, value string) {
		b := box(t, secret, record)
		sealed := b.Seal(purpose, value)
		if got, err := b.Open(purpose, sealed); got != value || err != nil {
			t.Fatalf("%q: %q, %v", value, got, err)
		}
		if _, err := b.Open(purpose+"\x00", sealed); err == nil {
			t.Fatal("opens for another purpose")
		}
	})
}

func FuzzFingerprint(f *testing.F) {
	f.Add("zbeeblebrox", "IMgr8", "ZBEEBLEBROX ", "IMgr8")
	f.Add("a", "b\x00c", "ab", "\x00c")
	f.Add("a", "\x00b", "a", "b")
	f.Fuzz(func(t *testing.T, username, password, username2, password2 string) {
		if strings.Contains(username+username2, "\x00") {
			return // no login is sent with it
		}
		fold := func(s string) string { return strings.ToLower(strings.ToUpper(strings.TrimSpace(s))) }
		same := fold(username) == fold(username2) && password == password2
		if (seal.Fingerprint(secret, username, password) == seal.Fingerprint(secret, username2, password2)) != same {
			t.Fatalf("%q, %q and %q, %q", username, password, username2, password2)
		}
	})
}
