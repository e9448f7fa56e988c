package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"iot.internal/thingspace/session"
)

// interrupts turns signals into the end of the command's context, except while something is under
// way whose answer must not be lost: a login, whose strike would stay unsettled, or a password
// reset, whose answer is the only copy of the new password. Then it says that it waits.
type interrupts struct {
	notices io.Writer
	leave   func() // ends the process; nil: a command that does not end is left alone

	mu     sync.Mutex
	busy   map[string]int // what is under way
	caught bool           // a signal has come
	ended  bool           // and nothing was under way: the command ends
	since  time.Time      // when the last of what was under way ended
	stuck  *time.Timer    // runs since the first signal
	cancel context.CancelCauseFunc
}

// stuckAfter is more than an interrupted command takes to end, unless it waits for somebody who does not
// read what it prints, or does not write what it reads.
const stuckAfter = 3 * closeGrace

// listen begins to listen for signals until stop is called.
func (i *interrupts) listen(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	i.mu.Lock()
	i.cancel = cancel
	i.mu.Unlock()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, interruptSignals()...)
	done := make(chan struct{})
	var listening sync.WaitGroup
	listening.Go(func() {
		for {
			select {
			case <-signals:
				i.interrupt()
			case <-done:
				return
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		listening.Wait()
		i.patient()
		cancel(nil)
	}
}

func (i *interrupts) interrupt() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.caught = true
	if i.leave != nil && i.stuck == nil {
		i.stuck = time.AfterFunc(stuckAfter, i.giveUp)
	}
	if !i.notice() {
		i.ended = true
		i.cancel(errInterrupted)
	}
}

// giveUp leaves, unless an answer is waited for, or just was.
func (i *interrupts) giveUp() {
	idle := i.idle()
	i.mu.Lock()
	leave, left := i.leave, stuckAfter
	if idle {
		left = stuckAfter - time.Since(i.since)
	}
	if leave != nil && left > 0 {
		i.stuck.Reset(left)
		leave = nil
	}
	i.mu.Unlock()
	if leave != nil {
		leave()
	}
}

// patient lets a command take as long as it takes.
func (i *interrupts) patient() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.leave = nil
	if i.stuck != nil {
		i.stuck.Stop()
	}
}

// notice says what is waited for, and reports whether there is anything.
func (i *interrupts) notice() bool {
	for _, what := range []string{underReset, underLogin} {
		if i.busy[what] > 0 {
			_, _ = fmt.Fprintf(i.notices, "thingspace: interrupted, but a %s is under way: waiting for its answer, %s\n", what, waitingFor[what])
			return true
		}
	}
	return false
}

// What is not cut short.
const (
	underLogin = "login"
	underReset = "password reset"
)

var waitingFor = map[string]string{
	underLogin: "which decides whether it counts as a failed one",
	underReset: "which is the only copy of the new password (two minutes at most)",
}

// begin marks something as under way until end is called.
func (i *interrupts) begin(what string) (end func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy == nil {
		i.busy = map[string]int{}
	}
	i.busy[what]++
	return sync.OnceFunc(func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.busy[what]--
		i.since = time.Now()
	})
}

// over reports that the command ends, so that nothing new may begin.
func (i *interrupts) over() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended {
		return errInterrupted
	}
	return nil
}

// idle reports that nothing is under way.
func (i *interrupts) idle() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, n := range i.busy {
		if n > 0 {
			return false
		}
	}
	return true
}

// stillWaiting says so if what the command began is not over.
func (i *interrupts) stillWaiting() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.notice()
}

// pending reports an interrupt that was held up by something under way.
func (i *interrupts) pending() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.caught {
		return errInterrupted
	}
	return nil
}

// trace follows the logins and password resets that a client sends. A reset is under way from its mark
// in the record on: before that nothing is lost when it ends.
func (i *interrupts) trace() *session.Trace {
	login, reset := oneAtATime{begin: i.begin}, oneAtATime{begin: i.begin}
	return &session.Trace{
		Login: func(e session.LoginEvent) {
			login.end()
			if e.Phase == session.LoginStarted {
				login.start(underLogin)
			}
		},
		Rotation: func(e session.RotationEvent) {
			switch e.Phase {
			case "started":
				reset.start(underReset)
			case "saved", "failed", "refused", "unevaluated", "unknown", "overtaken", "adopted":
				reset.end()
			}
		},
	}
}

// oneAtATime marks as under way what comes one after the other.
type oneAtATime struct {
	begin func(what string) (end func())

	mu   sync.Mutex
	over func()
}

func (o *oneAtATime) start(what string) {
	o.end()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = o.begin(what)
}

func (o *oneAtATime) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over != nil {
		o.over()
		o.over = nil
	}
}

// interruptible runs what may wait for somebody for ever: a read from a terminal or a pipe. When the
// command is interrupted it is left behind.
func interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
