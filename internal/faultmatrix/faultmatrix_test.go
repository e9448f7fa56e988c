package faultmatrix_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"iot.internal/thingspace/internal/faultmatrix"
	"iot.internal/thingspace/internal/machine"
	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/sessiontest"
)

// store is a column of the matrix.
type store struct {
	name string
	open func(t *testing.T) session.Store
}

func stores(t *testing.T) []store {
	t.Helper()
	all := []store{
		{"memory", func(*testing.T) session.Store { return session.NewMemoryStore() }},
		{"file", func(t *testing.T) session.Store { return filestore.New(t.TempDir()) }},
	}
	if os.Getenv("CI") == "true" || redistest.Installed() {
		redis := overRedis(t)
		all = append(all, store{"redis", func(*testing.T) session.Store { return redis }})
	} else {
		t.Log(redistest.HowToGet + ": the column redis is left out")
	}
	return all
}

// overRedis is one real server for all cases, each of which has a user of its own.
func overRedis(t *testing.T) session.Store {
	t.Helper()
	server := redistest.Start(t, "appendonly", "yes", "appendfsync", "everysec", "save", "")
	inner, err := redisstore.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	return newOutside(t, inner)
}

// TestEveryFaultEndsInATypedErrorAndHeals is the matrix: what is asserted is in faultmatrix.Strike, and
// that the kind of store makes no difference. THINGSPACE_FAULT_MATRIX names a file for the table.
func TestEveryFaultEndsInATypedErrorAndHeals(t *testing.T) {
	columns := stores(t)
	faults := faultmatrix.Faults()
	rows := map[string]map[string]string{} // by endpoint and fault
	cases := 0
	for _, name := range slices.Sorted(maps.Keys(faultmatrix.Operations)) {
		rows[name] = map[string]string{}
		for _, fault := range slices.Sorted(maps.Keys(faults)) {
			for _, column := range columns {
				cases++
				user := fmt.Sprintf("zbeeblebrox%d", cases)
				t.Run(column.name+"/"+name+"/"+fault, func(t *testing.T) {
					inner := column.open(t)
					var row string
					var o faultmatrix.Outcome
					synctest.Test(t, func(t *testing.T) {
						o = faultmatrix.Strike(t, faultmatrix.Operations[name], faults[fault],
							sessiontest.WithStore(inner), sessiontest.WithUser(user, sessiontest.DefaultPassword))
					})
					row = o.String()
					if name == "login" && o.Err != nil && (o.Listed == 0) != faultmatrix.Spared[fault] {
						t.Errorf("%d strikes listed; positive evidence that the password was not looked at: %v", o.Listed, faultmatrix.Spared[fault])
					}
					if o.Person && o.Rotation == session.RotationNone {
						t.Error("a person had to help, and no password was lost")
					}
					if first := rows[name][fault]; first == "" {
						rows[name][fault] = row
					} else if first != row {
						t.Errorf("over %s: %s\nover %s: %s", columns[0].name, first, column.name, row)
					}
				})
			}
		}
	}
	t.Logf("%d cases", cases)
	if cases < 400 && len(columns) > 2 {
		t.Error("fewer than 400")
	}
	if file := os.Getenv("THINGSPACE_FAULT_MATRIX"); file != "" && !t.Failed() {
		if len(columns) < 3 {
			t.Fatal("the table wants all stores: " + redistest.HowToGet)
		}
		if err := os.WriteFile(file, []byte(document(t, cases, columns, rows)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// outside takes a store's work out of the bubble of a test: goroutines there serve it, which the
// bubble's clock does not wait for and whose sockets do not hold it up. While a call is under way time
// stands still.
type outside struct {
	calls chan call
	done  chan chan struct{} // to be used by one call at a time
}

type call struct {
	do   func()
	done chan struct{}
}

const workers = 8

func newOutside(t *testing.T, inner session.Store) session.Store {
	t.Helper()
	o := outside{calls: make(chan call), done: make(chan chan struct{}, workers)}
	for range workers {
		o.done <- make(chan struct{})
		go func() {
			for c := range o.calls {
				c.do()
				c.done <- struct{}{}
			}
		}()
	}
	t.Cleanup(func() { close(o.calls) })
	return bridge{o, inner}
}

func (o outside) run(ctx context.Context, do func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := <-o.done
	o.calls <- call{do, done}
	<-done
	o.done <- done
	return nil
}

// bridge is the store as the bubble sees it.
type bridge struct {
	outside
	inner session.Store
}

func (b bridge) Load(ctx context.Context, key string) (value []byte, err error) {
	if gone := b.run(ctx, func() { value, err = b.inner.Load(context.Background(), key) }); gone != nil {
		return nil, gone
	}
	return value, err
}

func (b bridge) Swap(ctx context.Context, key string, old, new []byte) (swapped bool, err error) {
	if gone := b.run(ctx, func() { swapped, err = b.inner.Swap(context.Background(), key, old, new) }); gone != nil {
		return false, gone
	}
	return swapped, err
}

// document is the table for people.
func document(t *testing.T, cases int, columns []store, rows map[string]map[string]string) string {
	t.Helper()
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# The fault matrix

Written by `+"`make fault-matrix`"+`; do not edit. Every fault on every endpoint over every store: %d cases, over the stores %s. Each case
is a client with a session in hand, one request that meets the fault, and after that a platform that is well again. The kind of
store makes no difference: each row was the same over all of them.

What is asserted of every case: the error is typed; neither it nor the log holds a secret; the record lists at least as many strikes as the
platform counts, and a failed login is off the list if and only if there is positive evidence that the password was not looked at; at most two logins are sent; no redirect is followed; no goroutine is left; and the client heals, without a person
unless a password was lost.

%s
How to read a row: logins sent until the caller had his answer; strikes the record lists then, and strikes the platform counts; where a
password rotation stands; the error that the caller got.
`, cases, strings.Join(names, ", "), machine.Table(t.Context()))
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "\n## %s\n\n| fault | logins | listed | counted | rotation | error |\n|---|--:|--:|--:|---|---|\n", name)
		for _, fault := range slices.Sorted(maps.Keys(rows[name])) {
			fmt.Fprintf(&b, "| %s | %s |\n", fault, rows[name][fault])
		}
	}
	return b.String()
}
