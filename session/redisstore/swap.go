package redisstore

import (
	"context"
	"crypto/fips140"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"
)

//go:embed swap.lua
var swapLua string

// newSwapScript sends the script by its hash and, if the server does not know it, whole.
func newSwapScript() *rueidis.Lua {
	if fips140.Enabled() {
		return rueidis.NewLuaScriptNoSha(swapLua) // SHA-1 may panic
	}
	return rueidis.NewLuaScript(swapLua)
}

var (
	errAnswer = errors.New("the server's answer has an unexpected form")
	errLate   = fmt.Errorf("the server found it too late to begin: %w", context.DeadlineExceeded)
)

type swapArguments struct {
	caller   context.Context //nolint:containedctx // asked whether somebody still waits, and until when
	key      string
	had, has bool
	old, new string
}

func (s *Store) swap(ctx context.Context, a swapArguments) (bool, error) {
	// "Late" may only mean that we know the server's clock badly, or that it was set. Nothing has
	// happened then, and we know it better now.
	for range 10 {
		verdict, err := s.swapOnce(ctx, a)
		if err != nil {
			return false, err
		}
		switch verdict {
		case "swapped":
			if a.had || a.has {
				s.know(a.key)
			}
			return true, nil
		case "absent":
			return false, nil
		case "other":
			s.know(a.key)
			return false, nil
		case "lost":
			return false, ErrLost
		case "format":
			return false, ErrFormat
		case "late":
			if ctx.Err() != nil || a.caller.Err() != nil {
				return false, errLate
			}
		default:
			return false, errAnswer
		}
	}
	return false, errLate
}

func (s *Store) swapOnce(ctx context.Context, a swapArguments) (verdict string, err error) {
	name := s.options.prefix + a.key
	answer, err := s.script.Exec(ctx, s.client, []string{name}, []string{
		name, s.latest(ctx, a.caller), flag(s.isKnown(a.key)), flag(a.had), a.old, flag(a.has), a.new,
	}).ToArray()
	if err != nil {
		return "", err
	}
	if len(answer) != 2 {
		return "", errAnswer
	}
	now, err := answer[1].AsInt64()
	if err != nil {
		return "", errAnswer
	}
	s.clock.set(now)
	if verdict, err = answer[0].ToString(); err != nil {
		return "", errAnswer
	}
	return verdict, nil
}

// latest is the moment after which nobody waits for the swap any more, by the server's clock. A swap
// that a held up server began later would claim a login that nobody makes.
func (s *Store) latest(ctx, caller context.Context) string {
	deadline, ok := ctx.Deadline()
	if d, has := caller.Deadline(); has && (!ok || d.Before(deadline)) {
		deadline = d
	}
	moment, ok := s.clock.at(deadline)
	if !ok {
		return ""
	}
	return strconv.FormatInt(moment, 10)
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
