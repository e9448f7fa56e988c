package session

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

func isSuperseded(err error) bool { return err != nil && errors.Is(err, errSuperseded) }

// note logs one decision. Attributes hold no secrets; the message is the same for the same decision,
// so that it can be counted.
func (c *Client) note(level slog.Level, message string, err error, attrs ...slog.Attr) {
	if c.cfg.Logger == nil {
		return
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	_ = shielded(func() error {
		c.cfg.Logger.LogAttrs(context.Background(), level, "thingspace: "+message, attrs...)
		return nil
	})
}

// tell calls a hook, if there is one.
func tell[E any](c *Client, hook func(E), event E) {
	if hook == nil {
		return
	}
	if err := shielded(func() error { hook(event); return nil }); err != nil {
		c.note(slog.LevelError, "a trace hook failed", err)
	}
}

func (c *Client) traceLogin(e LoginEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Login, e)
	}
	level := slog.LevelInfo
	switch e.Phase {
	case LoginRefused, LoginLatched:
		level = slog.LevelError
	case LoginUnknown, LoginThrottled, LoginUnevaluated, LoginBackoff:
		level = slog.LevelWarn
	}
	c.note(level, "login "+string(e.Phase), e.Err, slog.Int("strikes", e.Strikes), slog.Int("status", e.StatusCode),
		slog.String("code", e.Code), slog.Duration("took", e.Duration), slog.Duration("retry_after", e.RetryAfter))
}

func (c *Client) traceSession(e SessionEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Session, e)
	}
	c.note(slog.LevelInfo, "session changed", nil, slog.String("reason", e.Reason), slog.Uint64("generation", e.Generation))
}

func (c *Client) traceBearer(e BearerEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Bearer, e)
	}
	level := slog.LevelInfo
	if e.Err != nil {
		level = slog.LevelWarn
	}
	c.note(level, "bearer "+e.Reason, e.Err, slog.Duration("remaining", e.Remaining.Round(time.Second)), slog.Duration("took", e.Duration))
}

func (c *Client) traceReplay(e ReplayEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Replay, e)
	}
	c.note(slog.LevelInfo, "request refused for a stale token", nil, slog.String("cause", e.Cause),
		slog.Int("status", e.StatusCode), slog.Bool("replayed", e.Replayed))
}

func (c *Client) traceRotation(e RotationEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Rotation, e)
	}
	level := slog.LevelInfo
	switch e.Phase {
	case "unknown", "lost", "failed", "refused":
		level = slog.LevelError
	}
	c.note(level, "rotation "+e.Phase, e.Err, slog.Duration("took", e.Duration))
}

func (c *Client) traceWait(e WaitEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Wait, e)
	}
	c.note(slog.LevelInfo, "waited for another process", nil, slog.String("for", e.For),
		slog.Duration("took", e.Duration), slog.Bool("given_up", e.Lapsed))
}

func (c *Client) traceProbe(e ProbeEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Probe, e)
	}
	level := slog.LevelInfo
	if !e.Paid {
		level = slog.LevelWarn
	}
	c.note(level, "probe", e.Err, slog.Bool("paid", e.Paid), slog.Int("status", e.StatusCode), slog.Duration("retry_after", e.RetryAfter))
}

func (c *Client) traceStore(e StoreEvent) {
	if t := c.cfg.Trace; t != nil {
		tell(c, t.Store, e)
	}
	c.note(slog.LevelWarn, "store failed", e.Err, slog.String("operation", e.Operation))
}
