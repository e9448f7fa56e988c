package cli

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
)

// callBody is what -d gave. The zero callBody is none.
type callBody struct {
	given  bool
	length int64                         // -1: not known
	open   func() (io.ReadCloser, error) // nil: it can be read once only
	once   io.Reader
	file   *os.File
}

// callBody opens what -d names. A file is opened now, so that its absence is told before anything is
// sent, and again whenever it has to be sent.
func (a *app) callBody(data *string) (*callBody, error) {
	switch {
	case data == nil:
		return &callBody{}, nil
	case *data == "-":
		return pipedBody(a.in)
	case strings.HasPrefix(*data, "@"):
		return fileBody((*data)[1:])
	}
	return bytesBody([]byte(*data)), nil
}

// replayLimit is how much of a pipe is kept so that it can be sent again.
const replayLimit = 1 << 20

// pipedBody reads a short body whole; a longer one is passed on as it comes, and can be sent once.
func pipedBody(r io.Reader) (*callBody, error) {
	head, err := io.ReadAll(io.LimitReader(r, replayLimit+1))
	if err != nil {
		return nil, usage("nothing was sent", "-d: %v", err)
	}
	if len(head) > replayLimit {
		return &callBody{given: true, length: -1, once: io.MultiReader(bytes.NewReader(head), r)}, nil
	}
	return bytesBody(head), nil
}

func bytesBody(content []byte) *callBody {
	return &callBody{given: true, length: int64(len(content)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

func fileBody(path string) (*callBody, error) {
	if path == "" {
		return nil, usage("write it as -d @FILE", "-d @ names no file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("nothing was sent", "-d: %v", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		_ = f.Close()
		return nil, usage("nothing was sent", "-d: %s is a directory", path)
	}
	if err != nil || !info.Mode().IsRegular() {
		body, err := pipedBody(f)
		if err == nil {
			body.file = f
		}
		return body, err
	}
	_ = f.Close()
	return &callBody{given: true, length: info.Size(), open: func() (io.ReadCloser, error) { return os.Open(path) }}, nil
}

// attach gives a request the body. One that can be had again can be sent again.
func (b *callBody) attach(req *http.Request) error {
	if !b.given {
		return nil
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.open == nil {
		req.Body, req.ContentLength = io.NopCloser(b.once), b.length
		return nil
	}
	if b.length == 0 {
		return nil
	}
	req.ContentLength, req.GetBody = b.length, b.open
	var err error
	req.Body, err = b.open()
	return err
}

func (b *callBody) close() {
	if b.file != nil {
		_ = b.file.Close()
	}
}
