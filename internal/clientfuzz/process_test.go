package clientfuzz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"iot.internal/thingspace/session"
)

var (
	errDead   = errors.New("this process is dead")
	errBroken = errors.New("injected fault")
)

// process is one client with everything it touches: whatever leaves it goes through a gate, where the
// process may be paused, or die before or after the effect.
type process struct {
	w      *world
	name   string
	client *session.Client
	life   context.Context // ends when it is killed
	kill   context.CancelFunc

	mu       sync.Mutex
	dead     bool
	closed   bool
	halted   chan struct{} // closed when it goes on; nil while it runs
	stopped  int           // pauses so far
	fuse     int           // effects until it dies, -1: never
	after    bool          // it dies when the effect is done
	rest     int           // effects until it is paused, -1: never
	store    []storeFault
	reserved *reservation
}

func (p *process) String() string { return p.name }

// open starts a process.
func (w *world) open(name string) *process {
	w.mu.Lock()
	w.opened++
	name = fmt.Sprintf("%s#%d", name, w.opened)
	w.mu.Unlock()
	p := &process{w: w, name: name, fuse: -1, rest: -1}
	p.life, p.kill = context.WithCancel(context.Background())
	cfg := w.platform.Config()
	cfg.Store = view{p}
	cfg.Transport = network{p, cfg.Transport}
	cfg.Credentials = p.credentials()
	cfg.NoProbe = w.noProbe
	cfg.Logger = slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Trace = w.logs.trace()
	client, err := session.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	p.client = client
	w.all = append(w.all, p)
	return p
}

// die kills the process: nothing it does has an effect any more.
func (p *process) die() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.kill()
	p.goOn()
}

func (p *process) isDead() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.dead }

// undisturbed reports whether the process was neither killed, closed nor paused since a count of pauses.
func (p *process) undisturbed(stopped int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.dead && !p.closed && p.halted == nil && p.stopped == stopped
}

// pauses is how often the process has been paused, -1 while it is.
func (p *process) pauses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted != nil {
		return -1
	}
	return p.stopped
}

func (p *process) halt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted == nil && !p.dead {
		p.halted = make(chan struct{})
		p.stopped++
	}
}

func (p *process) goOn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted != nil {
		close(p.halted)
		p.halted = nil
	}
}

// enter is before an effect. It does not return while the process is paused.
func (p *process) enter() error {
	p.mu.Lock()
	if p.rest == 0 && p.halted == nil {
		p.halted = make(chan struct{})
		p.stopped++
	}
	if p.rest >= 0 {
		p.rest--
	}
	dies := p.fuse == 0 && !p.after
	if p.fuse >= 0 && !(p.fuse == 0 && p.after) {
		p.fuse--
	}
	p.mu.Unlock()
	if dies {
		p.die()
	}
	return p.stay()
}

// leave is after an effect.
func (p *process) leave() error {
	p.mu.Lock()
	dies := p.fuse == 0 && p.after
	if dies {
		p.fuse = -1
	}
	p.mu.Unlock()
	if dies {
		p.die()
	}
	return p.stay()
}

// stay waits while the process is paused.
func (p *process) stay() error {
	for {
		p.mu.Lock()
		halted, dead := p.halted, p.dead
		p.mu.Unlock()
		if dead {
			return errDead
		}
		if halted == nil {
			return nil
		}
		<-halted
	}
}

func crash(w *world, s step) string {
	p := w.process(s.who)
	w.disturb()
	p.die()
	return fmt.Sprintf("%s dies", p)
}

func crashSoon(w *world, s step) string {
	p := w.process(s.who)
	w.disturb()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fuse, p.after = int(s.a%24), s.b&1 != 0
	return fmt.Sprintf("%s will die %s effect %d from now", p, map[bool]string{false: "before", true: "after"}[p.after], p.fuse)
}

func openAnew(w *world, s step) string {
	i := int(s.who) % processes
	old := w.procs[i]
	w.disturb()
	if s.a&1 != 0 {
		old.die()
	} else {
		w.closeProcess(old)
	}
	w.procs[i] = w.open(strings.Split(old.name, "#")[0])
	return fmt.Sprintf("%s takes the place of %s", w.procs[i], old)
}

func closeDown(w *world, s step) string {
	p := w.process(s.who)
	w.disturb()
	w.closeProcess(p)
	return fmt.Sprintf("%s is closed", p)
}

func (w *world) closeProcess(p *process) {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	w.start(p, "close", 0, func(_ context.Context, p *process) error { return p.client.Close() })
}

func pause(w *world, s step) string {
	p := w.process(s.who)
	w.disturb()
	if w.plain {
		return "nothing: a source that cannot compare may lose a password to a pause (documented)"
	}
	p.halt()
	return fmt.Sprintf("%s is paused", p)
}

func pauseSoon(w *world, s step) string {
	p := w.process(s.who)
	w.disturb()
	if w.plain {
		return "nothing: a source that cannot compare may lose a password to a pause (documented)"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = int(s.a % 24)
	return fmt.Sprintf("%s will be paused at effect %d from now", p, p.rest)
}

func resume(w *world, s step) string {
	p := w.process(s.who)
	p.goOn()
	return fmt.Sprintf("%s goes on", p)
}
