package clientfuzz

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"iot.internal/thingspace/session/sessiontest"
)

const (
	headerSize = 4
	stepSize   = 4
	maxSteps   = 64
)

// program is a header, which says what kind of platform it is, and steps of four bytes: what, by or to
// which process, and two details.
type program []byte

// bits returns a byte of the header, 0 if the program is shorter.
func (p program) bits(i int) byte {
	if i < len(p) {
		return p[i]
	}
	return 0
}

func (p program) steps() []step {
	var steps []step
	for i := headerSize; i+stepSize <= len(p) && len(steps) < maxSteps; i += stepSize {
		steps = append(steps, step{p[i], p[i+1], p[i+2], p[i+3]})
	}
	return steps
}

// without is the program less n steps from the i-th on.
func (p program) without(i, n int) program {
	from, to := headerSize+i*stepSize, headerSize+(i+n)*stepSize
	return append(append(program{}, p[:from]...), p[min(to, len(p)):]...)
}

func (p program) String() string { return hex.EncodeToString(p) }

// random is a program by its seed.
func random(seed uint64) program {
	r := rand.New(rand.NewPCG(seed, 0))
	p := make(program, headerSize+stepSize*(4+r.IntN(maxSteps-4)))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	if r.IntN(3) == 0 {
		p[0], p[1] = 0, 0 // the platform as it is documented
	}
	return p
}

type step struct{ what, who, a, b byte }

// action is what a step does to the world; it returns the words for it.
type action func(w *world, s step) string

// actions are weighed by how often they stand here.
var actions = []action{
	one("token", opToken), one("token", opToken),
	one("request", opRequest), one("request", opRequest), one("post", opPost),
	herd("tokens", opToken), herd("requests", opRequest),
	one("login", opLogin), one("logout", opLogout), one("renew", opRenew),
	one("reset", opReset), one("reset", opReset), one("status", opStatus),
	wait(time.Millisecond), wait(time.Second), wait(time.Second), wait(10 * time.Second), wait(time.Minute), wait(20 * time.Minute),
	inject, inject, inject, inject, clearFaults,
	crash, crashSoon, crashSoon, openAnew, openAnew, closeDown,
	pause, pauseSoon, resume, resume,
	storeFails, storeFails, storeDown,
	expireSessions, expireBearers,
	personChangesPassword, personTellsPassword, personMistypes, personRevertsPassword,
	personRearms, personClears,
	credentialsFail,
	platformClockJumps,
}

func (s step) run(w *world) string { return actions[int(s.what)%len(actions)](w, s) }

func one(name string, op operation) action {
	return func(w *world, s step) string {
		p := w.process(s.who)
		limit := patience(s.a)
		w.cause()
		w.start(p, name, limit, op)
		return fmt.Sprintf("%s: %s%s", p, name, within(limit))
	}
}

func herd(name string, op operation) action {
	return func(w *world, s step) string {
		p := w.process(s.who)
		n := 2 + int(s.b%12)
		limit := patience(s.a)
		w.cause()
		for range n {
			w.start(p, name, limit, op)
		}
		return fmt.Sprintf("%s: %d x %s%s", p, n, name, within(limit))
	}
}

// patience is how long a caller waits, 0 for ever.
func patience(a byte) time.Duration {
	switch a % 8 {
	case 0:
		return time.Duration(a) * time.Millisecond
	case 1:
		return time.Duration(a) * 200 * time.Millisecond
	}
	return 0
}

func within(limit time.Duration) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf(", given up after %s", limit)
}

func wait(unit time.Duration) action {
	return func(w *world, s step) string {
		d := time.Duration(1+s.a%32) * unit / 4
		time.Sleep(d)
		return fmt.Sprintf("wait %s", d)
	}
}

var endpoints = [][]sessiontest.Endpoint{
	{sessiontest.Login},
	{sessiontest.Login},
	{sessiontest.Reset},
	{sessiontest.Reset},
	{sessiontest.OAuth},
	{sessiontest.Logout},
	{sessiontest.Resource},
	nil,
}

// faults are what may go wrong. What a fault claims is never a lie about the ledger's positive
// evidence: a gateway that says it never asked the service has not asked it.
var faults = []sessiontest.Fault{
	{Kind: sessiontest.NoSuchHost},
	{Kind: sessiontest.ConnectionRefused},
	{Kind: sessiontest.BadCertificate},
	{Kind: sessiontest.BreakWriting},
	{Kind: sessiontest.Drop},
	{Kind: sessiontest.Drop, Acted: true},
	{Kind: sessiontest.StallHeaders},
	{Kind: sessiontest.StallHeaders, Acted: true},
	{Kind: sessiontest.StallBody},
	{Kind: sessiontest.Truncate},
	{Kind: sessiontest.WrongLength},
	{Kind: sessiontest.Informational, Size: 3},
	{Kind: sessiontest.Slow, Delay: time.Second},
	{Kind: sessiontest.Slow, Delay: 20 * time.Second},
	{Kind: sessiontest.Slow, Delay: 40 * time.Second, Acted: true},
	{Kind: sessiontest.Late, Delay: 10 * time.Second},
	{Kind: sessiontest.Late, Delay: 45 * time.Second},
	{Kind: sessiontest.Late, Delay: 4 * time.Minute}, // the ledger reckons with five
	{Kind: sessiontest.Huge, Size: 1<<20 + 1<<10},
	{Kind: sessiontest.GzipBomb, Size: 1<<20 + 1<<10},
	{Kind: sessiontest.Gzip},
	{Kind: sessiontest.Empty},
	{Kind: sessiontest.Empty, Acted: true},
	{Kind: sessiontest.Empty, Status: 204, Acted: true},
	{Kind: sessiontest.WrongTypes},
	{Kind: sessiontest.DuplicateKeys},
	{Kind: sessiontest.InvalidUTF8},
	{Kind: sessiontest.TrailingGarbage},
	{Kind: sessiontest.Echo},
	{Kind: sessiontest.Echo, Status: 401},
	{Kind: sessiontest.Redirect, Location: "https://evil.example/"},
	{Kind: sessiontest.Redirect, Location: "https://evil.example/", Acted: true},
	{Kind: sessiontest.SessionToken},
	{Kind: sessiontest.Status, Status: 200, Body: sessiontest.BodyHTML, Acted: true},
	{Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyFault},
	{Kind: sessiontest.Status, Status: 401, Body: sessiontest.BodyEmpty, Acted: true},
	{Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyPlatform, Acted: true},
	{Kind: sessiontest.Status, Status: 400, Body: sessiontest.BodyPlatform, Code: "INPUT_INVALID.Password.Invalid"},
	{Kind: sessiontest.Status, Status: 403, Body: sessiontest.BodyXML},
	{Kind: sessiontest.Status, Status: 403, Body: sessiontest.BodyHTML, Acted: true},
	{Kind: sessiontest.Status, Status: 429, RetryAfter: "7"},
	{Kind: sessiontest.Status, Status: 429, Body: sessiontest.BodyEmpty, RetryAfter: "999999999", Acted: true},
	{Kind: sessiontest.Status, Status: 500, Body: sessiontest.BodyHTML, Acted: true},
	{Kind: sessiontest.Status, Status: 502, Body: sessiontest.BodyHTML},
	{Kind: sessiontest.Status, Status: 503, Body: sessiontest.BodyNumber},
	{Kind: sessiontest.Status, Status: 504, Body: sessiontest.BodyHTML, Acted: true},
}

func inject(w *world, s step) string {
	f := faults[int(s.a)%len(faults)]
	f.On = endpoints[int(s.who)%len(endpoints)]
	f.Skip, f.Times = int(s.b>>6), 1+int(s.b&3)
	w.disturb()
	w.platform.Inject(f)
	return fmt.Sprintf("%d faults after %d on %v: %s", f.Times, f.Skip, f.On, what(f))
}

func what(f sessiontest.Fault) string {
	words := []string{string(f.Kind)}
	if f.Status != 0 {
		words = append(words, fmt.Sprint(f.Status))
	}
	for _, word := range []string{string(f.Body), f.Code} {
		if word != "" {
			words = append(words, word)
		}
	}
	if f.Delay != 0 {
		words = append(words, f.Delay.String())
	}
	if f.Acted {
		words = append(words, "acted")
	}
	return strings.Join(words, " ")
}

func clearFaults(w *world, _ step) string {
	w.platform.ClearFaults()
	return "no more faults"
}
