package filestore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/filestore"
)

// The test binary is also the other process: with this variable set it serves stores and credentials
// files to the test that started it.
const childVariable = "FILESTORE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	serve(os.Stdin, os.Stdout)
}

// request is a line to the child. Handles are numbered; each number is a Store of its own.
type request struct {
	ID      int
	Op      string // load, swap, read, save, or cancel
	Handle  int
	Dir     string // or the path of the credentials file
	Key     string
	Old     []byte
	New     []byte
	Ended   bool // the context has ended before
	User    string
	Passwrd string
}

// response is a line from the child.
type response struct {
	ID    int
	Value []byte
	OK    bool
	Err   string
	Is    []int // which of knownErrors
}

var knownErrors = []error{
	context.Canceled, context.DeadlineExceeded, fs.ErrPermission, fs.ErrNotExist, syscall.ENOSPC, syscall.EROFS,
	filestore.ErrInsecure, filestore.ErrLost, filestore.ErrNotRegular, filestore.ErrTooLarge, filestore.ErrMalformed, filestore.ErrReadOnly,
}

type childError struct {
	text string
	is   []error
}

func (e *childError) Error() string   { return e.text }
func (e *childError) Unwrap() []error { return e.is }

func serve(in io.Reader, out io.Writer) {
	var (
		mu      sync.Mutex
		stores  = map[int]*filestore.Store{}
		cancels = map[int]context.CancelFunc{}
		encoder = json.NewEncoder(out)
		decoder = json.NewDecoder(in)
	)
	for {
		var q request
		if decoder.Decode(&q) != nil {
			return
		}
		mu.Lock()
		if q.Op == "cancel" {
			if cancel := cancels[q.ID]; cancel != nil {
				cancel()
			}
			mu.Unlock()
			continue
		}
		store := stores[q.Handle]
		if store == nil {
			store = filestore.New(q.Dir)
			stores[q.Handle] = store
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancels[q.ID] = cancel
		mu.Unlock()
		if q.Ended {
			cancel()
		}
		go func() {
			r := answer(ctx, store, q)
			mu.Lock()
			defer mu.Unlock()
			cancels[q.ID]()
			delete(cancels, q.ID)
			_ = encoder.Encode(r)
		}()
	}
}

func answer(ctx context.Context, store *filestore.Store, q request) response {
	r := response{ID: q.ID}
	var err error
	switch q.Op {
	case "load":
		r.Value, err = store.Load(ctx, q.Key)
	case "swap":
		r.OK, err = store.Swap(ctx, q.Key, q.Old, q.New)
	case "read":
		var c session.Credentials
		if c, err = filestore.Credentials(q.Dir).Load(ctx); err == nil {
			r.Value = []byte(c.Username + " " + c.Password.Reveal())
		}
	case "save":
		err = filestore.Credentials(q.Dir).Save(ctx, session.Credentials{Username: q.User, Password: session.NewSecret(q.Passwrd)})
	}
	if err != nil {
		r.Err = err.Error()
		for i, known := range knownErrors {
			if errors.Is(err, known) {
				r.Is = append(r.Is, i)
			}
		}
	}
	return r
}

// child is another process of the test binary.
type child struct {
	cmd *exec.Cmd

	mu      sync.Mutex
	in      *json.Encoder
	next    int
	waiting map[int]chan response
	gone    chan struct{}
}

func start(t *testing.T) *child {
	t.Helper()
	return startCommand(t, exec.CommandContext(t.Context(), os.Args[0]))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *child {
	t.Helper()
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, in: json.NewEncoder(in), waiting: map[int]chan response{}, gone: make(chan struct{})}
	go func() {
		defer close(c.gone)
		decoder := json.NewDecoder(bufio.NewReader(out))
		for {
			var r response
			if decoder.Decode(&r) != nil {
				return
			}
			c.mu.Lock()
			c.waiting[r.ID] <- r
			delete(c.waiting, r.ID)
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { c.kill() })
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.gone
	_ = c.cmd.Wait()
}

var errChildDied = errors.New("the other process died")

func (c *child) ask(ctx context.Context, q request) (response, error) {
	answered := make(chan response, 1)
	c.mu.Lock()
	c.next++
	q.ID, q.Ended = c.next, ctx.Err() != nil
	c.waiting[q.ID] = answered
	err := c.in.Encode(q)
	c.mu.Unlock()
	if err != nil {
		return response{}, errChildDied
	}
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = c.in.Encode(request{ID: q.ID, Op: "cancel"})
	})
	defer stop()
	var r response
	select {
	case r = <-answered:
	case <-c.gone:
		select {
		case r = <-answered:
		default:
			return response{}, errChildDied
		}
	}
	if r.Err == "" {
		return r, nil
	}
	e := &childError{text: r.Err}
	for _, i := range r.Is {
		e.is = append(e.is, knownErrors[i])
	}
	if errors.Is(e, context.Canceled) && ctx.Err() != nil {
		e.is = append(e.is, ctx.Err())
	}
	return r, e
}

// handle is a Store in a child.
type handle struct {
	child  *child
	number int
	dir    string
}

var _ session.Store = handle{}

func (h handle) Load(ctx context.Context, key string) ([]byte, error) {
	r, err := h.child.ask(ctx, request{Op: "load", Handle: h.number, Dir: h.dir, Key: key})
	return r.Value, err
}

func (h handle) Swap(ctx context.Context, key string, old, new []byte) (bool, error) {
	r, err := h.child.ask(ctx, request{Op: "swap", Handle: h.number, Dir: h.dir, Key: key, Old: old, New: new})
	return r.OK, err
}
