package platform

import (
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// fail answers a request that meets a fault. answer acts on the request; it is called once at most.
// number is that of the entry in the journal.
func (p *Platform) fail(w http.ResponseWriter, r *http.Request, f *Fault, whole *http.Request, answer func() Answer, number int) {
	ctx := r.Context()
	switch f.Kind {
	case Slow:
		if f.Acted {
			a := answer()
			if !wait(ctx, f.Delay) {
				panic(http.ErrAbortHandler)
			}
			a.send(w)
			return
		}
		if !wait(ctx, f.Delay) {
			panic(http.ErrAbortHandler)
		}
		answer().send(w)
		return
	case Late:
		wait(context.WithoutCancel(ctx), f.Delay)
		answer().send(w)
		return
	}

	var a Answer
	if f.acts() {
		a = answer()
	}
	switch f.Kind {
	case Drop:
		abort(w, true)
	case StallHeaders:
		stall(ctx)
		panic(http.ErrAbortHandler)
	case StallBody:
		sendHalf(w, a, len(a.Body))
		stall(ctx)
		panic(http.ErrAbortHandler)
	case Truncate:
		sendHalf(w, a, len(a.Body))
		abort(w, false)
	case WrongLength:
		sendHalf(w, a, len(a.Body)/2)
	case Informational:
		inform(w, f.Size)
		a.send(w)
	case Huge, GzipBomb:
		sendHuge(w, f, a)
	default:
		a = p.made(f, whole, a)
		p.answered(number, a.Status, a.code())
		a.send(w)
	}
}

// sendHalf sends half of the body under a Content-Length of its own.
func sendHalf(w http.ResponseWriter, a Answer, length int) {
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body[:len(a.Body)/2])
	_ = http.NewResponseController(w).Flush()
}

func inform(w http.ResponseWriter, n int64) {
	if n == 0 {
		n = 100
	}
	w.Header().Set("Link", "</sessiontest>; rel=preconnect")
	for range n {
		w.WriteHeader(http.StatusEarlyHints)
	}
	w.Header().Del("Link")
}

// sendHuge streams padding, packed or not. What the platform said follows the padding.
func sendHuge(w http.ResponseWriter, f *Fault, a Answer) {
	size := f.Size
	if size == 0 {
		size = 64 << 20
	}
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Type", typeJSON)
	status := f.status(http.StatusOK)
	if f.Status == 0 && a.Status != 0 {
		status = a.Status
	}
	var out io.Writer = w
	if f.Kind == GzipBomb {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		defer func() { _ = packed.Close() }()
		out = packed
	}
	w.WriteHeader(status)
	tail := `"end":0}` + "\n"
	if len(a.Body) > 2 && a.Body[0] == '{' {
		tail = string(a.Body[1:])
	}
	head := `{"padding":"`
	padding := make([]byte, 32<<10)
	for i := range padding {
		padding[i] = 'x'
	}
	_, _ = io.WriteString(out, head)
	for left := size - int64(len(head)+len(tail)+2); left > 0; left -= int64(len(padding)) {
		if _, err := out.Write(padding[:min(left, int64(len(padding)))]); err != nil {
			return // the client has seen enough
		}
	}
	_, _ = io.WriteString(out, `",`+tail)
}
