package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"
	"time"
)

func testBody(src io.Reader, length int64) *body {
	return newBody(&http.Request{Body: io.NopCloser(src), ContentLength: length}, &pace{conn: http.NewResponseController(newRecorder()), limit: time.Minute})
}

func TestABodyCanBeReadAgainFromItsBeginningAtAnyPoint(t *testing.T) {
	for _, size := range []int{1, 100, smallBody, smallBody + 1, blockSize, blockSize + 1, 3*blockSize + 7, ReplayLimit} {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(i * 7 / 3)
		}
		for _, length := range []int64{int64(size), -1} {
			b := testBody(iotest.HalfReader(bytes.NewReader(content)), length)
			for _, part := range []int{0, 1, size / 2, size} {
				r, err := b.again()
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, part)
				if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, content[:part]) {
					t.Errorf("%d of %d bytes: %v", part, size, err)
				}
				old := r
				if r, err = b.again(); err != nil {
					t.Fatal(err)
				}
				if _, err := old.Read(make([]byte, 1)); err == nil {
					t.Error("a reader before goes on")
				}
				_ = old.Close() // must not end the one after it
				if part == size {
					if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
						t.Errorf("%d bytes again: %d, %v", size, len(got), err)
					}
				}
			}
			if !b.whole() || b.failed() != nil {
				t.Error("not at its end")
			}
			b.stop()
			if _, err := b.again(); err == nil {
				t.Error("it can be read when the request is over")
			}
		}
	}
}

func TestABodyBeyondTheLimitIsNotKept(t *testing.T) {
	for _, length := range []int64{ReplayLimit + 1, -1} {
		b := testBody(bytes.NewReader(make([]byte, ReplayLimit+1)), length)
		if b.repeatable() != (length < 0) {
			t.Errorf("length %d: repeatable %v before it came", length, b.repeatable())
		}
		r, err := b.again()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != ReplayLimit+1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if _, err := b.again(); !errors.Is(err, errTooLargeToRepeat) || b.kept.size != 0 || b.repeatable() {
			t.Errorf("%v, %d kept", err, b.kept.size)
		}
	}
}

func TestABodyThatBreaksOffStaysBroken(t *testing.T) {
	b := testBody(iotest.TimeoutReader(bytes.NewReader(make([]byte, 10_000))), 10_000)
	for range 2 {
		r, err := b.again()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, iotest.OneByteReader(r)); !errors.Is(err, iotest.ErrTimeout) {
			t.Error(err)
		}
	}
	if !errors.Is(b.failed(), iotest.ErrTimeout) {
		t.Error(b.failed())
	}
}
