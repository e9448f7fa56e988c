package redisstore

import (
	"context"

	"github.com/redis/rueidis"
)

// inspect asks the server what it is and what it may cost, once for every connection: whoever comes
// back after an interruption may be a replica now, or have lost its disk.
func (s *Store) inspect(ctx context.Context) error {
	if s.isInspected() {
		return nil
	}
	select {
	case s.inspecting <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.inspecting }()
	for !s.isInspected() {
		connection := s.connection.Load()
		found, err := s.ask(ctx)
		if err != nil {
			return err
		}
		if s.connection.Load() != connection {
			continue // perhaps it was another server that answered
		}
		s.findings.Store(&found)
		if err := unaccepted(found, s.options.accepted); err != nil {
			return err
		}
		s.inspected.Store(connection)
	}
	return nil
}

func (s *Store) isInspected() bool { return s.inspected.Load() == s.connection.Load() }

func (s *Store) ask(ctx context.Context) ([]Finding, error) {
	b := s.client.B()
	questions := []rueidis.Completed{
		b.Time().Build(),
		b.Info().Build(),
		b.ConfigGet().Parameter("save").Build(),
		b.ConfigGet().Parameter("appendfsync").Build(),
	}
	if s.follows != "" {
		for i, q := range questions {
			questions[i] = q.SetSlot(s.options.prefix)
		}
	}
	answers := s.client.DoMulti(ctx, questions...)
	for _, a := range answers {
		// What the server refuses is for judge to weigh.
		if err := a.NonRedisError(); err != nil {
			return nil, err
		}
	}
	f := facts{managed: s.follows, remote: s.remote}
	now, err := answers[0].AsIntSlice()
	if err != nil {
		return nil, err
	}
	if len(now) != 2 {
		return nil, errAnswer
	}
	s.clock.set(now[0]*1000 + now[1]/1000)
	text, err := answers[1].ToString()
	switch {
	case err == nil:
		f.info = parseInfo(text)
	case !isRefused(err):
		return nil, err
	}
	f.save = setting(answers[2], "save")
	f.fsync = setting(answers[3], "appendfsync")
	return f.judge()
}

// setting is what CONFIG GET said, nil if it was refused.
func setting(answer rueidis.RedisResult, name string) *string {
	values, err := answer.AsStrMap()
	if err != nil {
		return nil
	}
	if value, ok := values[name]; ok {
		return &value
	}
	return nil
}
