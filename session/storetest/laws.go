package storetest

import (
	"bytes"
	"testing"
)

var (
	one = []byte(`{"version":1,"value":"one"}`)
	two = []byte(`{"version":1,"value":"two"}`)
)

func absentIsNil(t *testing.T, b *bench) {
	holds(t, b.open(), b.key(), nil)
}

func swapCreates(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, nil, one, true)
	holds(t, store, key, one)
	swap(t, store, key, nil, two, false)
	swap(t, store, key, nil, one, false)
	holds(t, store, key, one)
}

func swapReplaces(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, one, two, false)
	holds(t, store, key, nil)
	swap(t, store, key, nil, one, true)
	swap(t, store, key, two, one, false)
	swap(t, store, key, two, two, false)
	holds(t, store, key, one)
	swap(t, store, key, one, two, true)
	holds(t, store, key, two)
	swap(t, store, key, one, two, false)
	holds(t, store, key, two)
}

func swapComparesAll(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, nil, one, true)
	for _, almost := range [][]byte{
		one[:len(one)-1], one[1:], append(bytes.Clone(one), 0), append(bytes.Clone(one), '\n'), append([]byte{' '}, one...),
		bytes.ToUpper(one), bytes.Replace(one, []byte("one"), []byte("onf"), 1), append(bytes.Clone(one), one...),
	} {
		swap(t, store, key, almost, two, false)
		swap(t, store, key, almost, nil, false)
		holds(t, store, key, one)
	}
}

func swapDeletes(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, one, nil, false)
	swap(t, store, key, nil, one, true)
	swap(t, store, key, two, nil, false)
	holds(t, store, key, one)
	swap(t, store, key, one, nil, true)
	holds(t, store, key, nil)
	swap(t, store, key, one, nil, false)
	swap(t, store, key, one, two, false)
	holds(t, store, key, nil)
	swap(t, store, key, nil, two, true)
	holds(t, store, key, two)
}

func swapNilNil(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, nil, nil, true)
	holds(t, store, key, nil)
	swap(t, store, key, nil, one, true)
	swap(t, store, key, nil, nil, false)
	holds(t, store, key, one)
}

func swapItself(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, nil, one, true)
	swap(t, store, key, one, one, true)
	holds(t, store, key, one)
}

func emptyIsNotAbsent(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	empty := []byte{}
	// An empty old matches no absent record.
	if ok, _ := store.Swap(t.Context(), key, empty, one); ok {
		t.Fatal("Swap(empty, one) found an absent record to be empty")
	}
	holds(t, store, key, nil)
	// An empty new is no deletion.
	swap(t, store, key, nil, one, true)
	ok, err := store.Swap(t.Context(), key, one, empty)
	if err != nil {
		t.Logf("the store refuses empty values: %v", err)
		holds(t, store, key, one)
		fresh := b.key()
		if ok, err := store.Swap(t.Context(), fresh, nil, empty); ok || err == nil {
			t.Fatal("it replaces no record by an empty one, but creates one")
		}
		holds(t, store, fresh, nil)
		return
	}
	if !ok {
		t.Fatal("Swap(one, empty) = false")
	}
	holds(t, store, key, empty)
	swap(t, store, key, nil, two, false)
	holds(t, store, key, empty)
	swap(t, store, key, empty, two, true)
	holds(t, store, key, two)
	fresh := b.key()
	swap(t, store, fresh, nil, empty, true)
	holds(t, store, fresh, empty)
	swap(t, store, fresh, empty, nil, true)
	holds(t, store, fresh, nil)
}

func everyByte(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	var every []byte
	for i := range 256 {
		every = append(every, byte(i))
	}
	var current []byte
	for _, value := range [][]byte{
		every,
		{0},
		{0, 0},
		[]byte("\r\n"), []byte(" "), []byte("\n"), []byte("\xff\xfe"), []byte("\xef\xbb\xbf{}"), []byte("null"), []byte("nil"), []byte("0"),
		[]byte("\u00e4 \u65e5"),
	} {
		swap(t, store, key, current, value, true)
		holds(t, store, key, value)
		current = value
	}
}

func largeValues(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	var current []byte
	for _, size := range []int{4095, 4096, 4097, MaxValue - 1, MaxValue} {
		value := bytes.Repeat([]byte{'v', 0, 0xff}, size/3+1)[:size]
		swap(t, store, key, current, value, true)
		holds(t, store, key, value)
		almost := bytes.Clone(value)
		almost[size-1] ^= 1
		swap(t, store, key, almost, one, false)
		swap(t, store, key, value[:size-1], one, false)
		holds(t, store, key, value)
		current = value
	}
	swap(t, store, key, current, one, true)
	holds(t, store, key, one)
}

func keysAreIndependent(t *testing.T, b *bench) {
	store, longest := b.open(), b.key()
	// Every length, each the prefix of the next; and some that a careless file name, number or glob
	// would take for the same.
	var keys []string
	for n := 1; n <= MaxKey; n++ {
		keys = append(keys, longest[:n])
	}
	keys = append(keys, longest[1:], "0"+longest[1:MaxKey-1], "00"+longest[2:MaxKey-2], "000", "00", "1e1", "1e2", "10", "0e0")
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		b.deleteLater(key)
		holds(t, store, key, nil)
		swap(t, store, key, nil, []byte("value of "+key), true)
	}
	for key := range seen {
		holds(t, store, key, []byte("value of "+key))
	}
	for key := range seen {
		if len(key)%2 == 1 {
			swap(t, store, key, []byte("value of "+key), nil, true)
		}
	}
	for key := range seen {
		if len(key)%2 == 1 {
			holds(t, store, key, nil)
		} else {
			holds(t, store, key, []byte("value of "+key))
		}
	}
}

func returnedSlice(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	swap(t, store, key, nil, one, true)
	first, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	second, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	scribble(first)
	if !bytes.Equal(second, one) {
		t.Fatal("two Loads returned the same memory")
	}
	holds(t, store, key, one)
	swap(t, store, key, one, two, true)
	holds(t, store, key, two)
}

func passedSlices(t *testing.T, b *bench) {
	store, key := b.open(), b.key()
	// Room beyond the length, in which a careless append would write.
	slack := func(value []byte) []byte { return append(make([]byte, 0, 2*len(value)), value...) }
	untouched := func(name string, passed, was []byte) {
		t.Helper()
		if !bytes.Equal(passed, was) || !bytes.Equal(passed[len(passed):cap(passed)], make([]byte, cap(passed)-len(passed))) {
			t.Fatalf("Swap wrote to %s", name)
		}
	}
	created := slack(one)
	swap(t, store, key, nil, created, true)
	untouched("new", created, one)
	scribble(created)
	holds(t, store, key, one)
	expected, replaced := slack(one), slack(two)
	swap(t, store, key, expected, replaced, true)
	untouched("old", expected, one)
	untouched("new", replaced, two)
	scribble(expected)
	scribble(replaced)
	holds(t, store, key, two)
}

func scribble(value []byte) {
	value = value[:cap(value)]
	for i := range value {
		value[i] = 'X'
	}
}
