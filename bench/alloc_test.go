package bench

import (
	"net/http"
	"testing"
)

// The law of the hot path, and what the peers need beside it. Allocations are exact on any machine.
func TestTableAllocations(t *testing.T) {
	out := newTable("Allocations of one request over a transport that needs none, by headers of the caller",
		"peer", "0", "3", "6", "12", "token in hand")
	for _, p := range peers {
		row := []any{p.name}
		for _, n := range []int{0, 3, 6, 12} {
			e := newEnv(t, &always{response: http.Response{StatusCode: http.StatusOK, Body: http.NoBody}})
			transport, req := p.hot(e), request(e, n)
			got := testing.AllocsPerRun(500, func() {
				if resp, err := transport.RoundTrip(req); err != nil || resp.StatusCode != http.StatusOK {
					t.Fatal("the request failed: ", err)
				}
			})
			row = append(row, got)
			if p.name == ours.name && n <= 6 && got > 3 {
				t.Errorf("%v allocations with %d headers, want 3 at most", got, n)
			}
		}
		if p.read == nil {
			out.add(append(row, "")...)
			continue
		}
		read, ctx := p.read(newEnv(t, nil)), t.Context()
		got := testing.AllocsPerRun(500, func() {
			if _, err := read(ctx); err != nil {
				t.Fatal(err)
			}
		})
		if p.name == ours.name && got > 0 {
			t.Errorf("%v allocations for a token in hand, want none", got)
		}
		out.add(append(row, got)...)
	}
	out.print(t)
}
