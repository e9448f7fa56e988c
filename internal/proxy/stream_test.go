package proxy

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAnswerStreamsAsItComes(t *testing.T) {
	pieces := []string{"first\n", "second\n", "third\n"}
	for _, announced := range []bool{false, true} {
		next := make(chan string, 1)
		r := newRig(t, setup{resource: func(w http.ResponseWriter, _ *http.Request) {
			if announced {
				w.Header().Set("Content-Length", strconv.Itoa(len(strings.Join(pieces, ""))))
			}
			for text := range next {
				_, _ = io.WriteString(w, text)
				_ = http.NewResponseController(w).Flush()
			}
		}})
		next <- pieces[0]
		lines := bufio.NewReader(r.do(http.MethodGet, resource, nil).Body)
		for i, want := range pieces {
			if got, err := lines.ReadString('\n'); got != want {
				t.Fatalf("%q, %v", got, err)
			}
			if i+1 < len(pieces) {
				next <- pieces[i+1]
			}
		}
		close(next)
		if rest, err := io.ReadAll(lines); len(rest) != 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	}
}

// echoed answers with what comes, as it comes.
func echoed(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	w.Header().Set("Trailer", "X-Seen")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	buffer := make([]byte, 1024)
	total := 0
	for {
		n, err := r.Body.Read(buffer)
		total += n
		_, _ = w.Write(buffer[:n])
		_ = http.NewResponseController(w).Flush()
		if err != nil {
			break
		}
	}
	w.Header().Set("X-Seen", strconv.Itoa(total))
}

func TestABodyAndItsAnswerStreamAtTheSameTime(t *testing.T) { each(t, streamed) }

func streamed(t *testing.T, http2 bool) {
	t.Helper()
	r := newRig(t, setup{http2: http2, resource: echoed})
	in, out := io.Pipe()
	resp := r.do(http.MethodPost, resource, in)
	lines := bufio.NewReader(resp.Body)
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		if _, err := io.WriteString(out, text); err != nil {
			t.Fatal(err)
		}
		if got, err := lines.ReadString('\n'); got != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
	_ = out.Close()
	if rest, err := io.ReadAll(lines); len(rest) != 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if got := resp.Trailer.Get("X-Seen"); got != "14" {
		t.Errorf("trailer %q", got)
	}
}

// pattern is a body of n bytes that is in no memory, and its digest.
type pattern struct {
	left int64
	sum  hash.Hash
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), p.left)
	b[0] = byte(p.left) // the rest is what the buffer held
	p.left -= n
	_, _ = p.sum.Write(b[:n])
	return int(n), nil
}

func TestMemoryDoesNotGrowWithTheSizeOfABody(t *testing.T) {
	const size = 64 << 20
	sums := make(chan string, 1)
	r := newRig(t, setup{resource: func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet {
			_, _ = io.Copy(w, &pattern{size, sha256.New()})
			return
		}
		sum := sha256.New()
		_, _ = io.Copy(sum, req.Body)
		sums <- string(sum.Sum(nil))
	}})
	allocated := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if _, name, _ := r.get(http.MethodPost, resource, strings.NewReader("x")); name != "" { // logs in
		t.Fatal(name)
	}
	<-sums
	for _, known := range []bool{true, false} {
		up := allocated(func() {
			sent := &pattern{size, sha256.New()}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.addr+resource, sent)
			if err != nil {
				t.Fatal(err)
			}
			if known {
				req.ContentLength = size
			}
			resp, err := r.http.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(resp, err)
			}
			_ = resp.Body.Close()
			if <-sums != string(sent.sum.Sum(nil)) {
				t.Error("the body changed on the way")
			}
		})
		if up > 12<<20 {
			t.Errorf("%d MiB allocated for an upload", up>>20)
		}
	}
	down := allocated(func() {
		resp := r.do(http.MethodGet, resource, nil)
		if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
	if down > 8<<20 {
		t.Errorf("%d MiB allocated for a download", down>>20)
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	r := newRig(t, setup{resource: func(w http.ResponseWriter, req *http.Request) {
		status, _ := strconv.Atoi(req.URL.Query().Get("status"))
		w.Header().Set("Etag", `"x"`)
		if req.Method == http.MethodHead {
			w.Header().Set("Content-Length", "12345")
		}
		w.WriteHeader(status)
	}})
	for _, status := range []int{200, 204, 304, 404} {
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			if status == 204 && method == http.MethodHead {
				continue
			}
			resp := r.do(method, resource+"?status="+strconv.Itoa(status), nil)
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != status || len(body) != 0 || err != nil || resp.Header.Get("Etag") != `"x"` {
				t.Errorf("%s %d: %d %q %v", method, status, resp.StatusCode, body, err)
			}
			if status != 304 && method == http.MethodHead && resp.ContentLength != 12345 {
				t.Errorf("HEAD %d: length %d", status, resp.ContentLength)
			}
		}
	}
}

func TestAnAnswerThatBreaksOffIsNoEnd(t *testing.T) { each(t, brokenOff) }

func brokenOff(t *testing.T, http2 bool) {
	t.Helper()
	for _, kind := range []string{"length", "chunked"} {
		broken := newRig(t, setup{http2: http2, resource: func(w http.ResponseWriter, _ *http.Request) {
			if kind == "length" {
				w.Header().Set("Content-Length", "1000000")
			}
			_, _ = w.Write(make([]byte, 100_000))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}})
		resp := broken.do(http.MethodGet, resource, nil)
		if n, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %d bytes, %v", kind, n, err)
		}
		broken.log.until(t, "outcome=cut")
	}
}

func TestAClientThatLeavesInMidUploadAbortsTheRequest(t *testing.T) { each(t, leftInUpload) }

func leftInUpload(t *testing.T, http2 bool) {
	t.Helper()
	arrived, ended := make(chan struct{}), make(chan error, 1)
	r := newRig(t, setup{http2: http2, resource: func(_ http.ResponseWriter, req *http.Request) {
		buffer := make([]byte, 10)
		_, _ = io.ReadFull(req.Body, buffer)
		close(arrived)
		_, err := io.Copy(io.Discard, req.Body)
		ended <- err
	}})
	for _, head := range []string{"Content-Length: 5000000", "Transfer-Encoding: chunked"} {
		arrived, ended = make(chan struct{}), make(chan error, 1)
		conn := r.dial()
		text, more := "POST "+resource+" HTTP/1.1\r\nHost: "+r.addr+"\r\n"+head+"\r\n\r\n", strings.Repeat("x", 90)
		if strings.HasPrefix(head, "T") {
			text += "a\r\n0123456789\r\n"
			more = "64\r\n" + more // a chunk that does not end
		} else {
			text += "0123456789"
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		<-arrived
		if _, err := io.WriteString(conn, more); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if err := <-ended; err == nil {
			t.Errorf("%s: the platform has seen a whole body", head)
		}
		r.log.until(t, "outcome=gone")
	}
}

func TestAClientThatLeavesInMidDownloadFreesThePlatform(t *testing.T) { each(t, leftInDownload) }

func leftInDownload(t *testing.T, http2 bool) {
	t.Helper()
	left := make(chan error, 1)
	r := newRig(t, setup{http2: http2, resource: func(w http.ResponseWriter, req *http.Request) {
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
		<-req.Context().Done()
		left <- req.Context().Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.addr+resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 1))
	cancel()
	if err := <-left; err == nil {
		t.Error("the platform was not left")
	}
	_ = resp.Body.Close()
	r.log.until(t, "outcome=gone")
}

// Not in a bubble: the reverse proxy holds a mutex while it writes, and virtual time stands still then.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	const limit = 100 * time.Millisecond
	left := make(chan error, 1)
	began := time.Now()
	r := newRig(t, setup{
		options: func(o *Options) { o.IdleLimit = limit },
		resource: func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.Copy(w, &pattern{1 << 30, sha256.New()}) // more than sockets hold
			left <- err
		},
	})
	conn := r.dial()
	if _, err := io.WriteString(conn, "GET "+resource+" HTTP/1.1\r\nHost: "+r.addr+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-left; err == nil {
		t.Error("all of it was taken")
	}
	if took := time.Since(began); took < 4*limit {
		t.Errorf("cut off after %v: what goes out waits in the system's buffers, and has four times the limit", took)
	}
	r.log.until(t, "outcome=gone")
}

// endlessUpload is a connection that a body is written to until it breaks; ended waits for that.
func (r *rig) endlessUpload() (conn net.Conn, ended func()) {
	r.t.Helper()
	conn = r.dial()
	var writing sync.WaitGroup
	writing.Go(func() {
		_, _ = io.WriteString(conn, "POST "+resource+" HTTP/1.1\r\nHost: "+r.addr+"\r\nContent-Length: 1000000000\r\n\r\n")
		for piece := make([]byte, 1<<20); ; {
			if _, err := conn.Write(piece); err != nil {
				return
			}
		}
	})
	return conn, writing.Wait
}

func TestAPlatformThatTakesNoMoreOfABodyIsGivenUp(t *testing.T) { each(t, stalled) }

func stalled(t *testing.T, http2 bool) {
	t.Helper()
	free := make(chan struct{})
	r := newRig(t, setup{
		http2: http2, options: func(o *Options) { o.IdleLimit = time.Second / 4 },
		resource: func(http.ResponseWriter, *http.Request) { <-free },
	})
	defer close(free)
	conn, ended := r.endlessUpload()
	defer ended()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != slowAnswer.status || resp.Header.Get(ErrorHeader) != slowAnswer.name {
		t.Errorf("%v %v", resp, err)
	}
	_ = conn.Close()
	r.log.until(t, "error="+slowAnswer.name)
}

func TestAPlatformThatStopsBothWaysIsGivenUp(t *testing.T) { each(t, stalledBothWays) }

func stalledBothWays(t *testing.T, http2 bool) {
	t.Helper()
	const limit, slow = 250 * time.Millisecond, 400 * time.Millisecond // four times the limit may it take
	free := make(chan struct{})
	r := newRig(t, setup{
		http2: http2, options: func(o *Options) { o.IdleLimit = limit },
		resource: func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			for range 6 { // of the body nothing is taken for longer than the limit, but something is sent
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(slow)
			}
			<-free
		},
	})
	defer close(free)
	conn, ended := r.endlessUpload()
	defer ended()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); string(got) != "xxxxxx" || err == nil {
		t.Errorf("%q, %v: what breaks off is no end", got, err)
	}
	_ = conn.Close()
	r.log.until(t, "outcome=cut")
	r.log.until(t, "cause=\""+errStalled.Error())
}

// The client of an upload whose answer streams may be as slow with the answer as any other.
func TestThePlatformIsWatchedOnlyWhileItIsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = time.Second
		conn := http.NewResponseController(httptest.NewRecorder())
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, resource, io.MultiReader(strings.NewReader("some"), blocked(t.Context())))
		b := newBody(r, &pace{conn: conn, limit: limit})
		stalled := 0
		b.watch(func() { stalled++ })
		out, err := b.again()
		if err != nil {
			t.Fatal(err)
		}
		idle := func(what string, want int) {
			t.Helper()
			time.Sleep(4*limit + 1)
			synctest.Wait()
			if stalled != want {
				t.Errorf("%s: given up %d times, want %d", what, stalled, want)
			}
			stalled = 0
		}
		idle("nothing of the body was asked for", 0)
		if _, err := out.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		idle("no more of the body was asked for", 1)
		b.answer(false)
		idle("the client is written to", 0)
		b.answer(true)
		idle("more of the answer is waited for", 1)
		go func() { _, _ = out.Read(make([]byte, 10)) }()
		synctest.Wait()
		idle("the client is waited for", 0)
		b.stopped = true // the reader that waits is let go with the test's context
	})
}

// blocked is a client that sends nothing until ctx ends.
func blocked(ctx context.Context) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
