package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// topic is the subscription to one record's channel, for as long as somebody watches.
type topic struct {
	watchers map[chan struct{}]struct{}
	leave    context.CancelFunc
	leaving  bool
	settle   sync.Once
	ready    chan struct{} // closed when the server has confirmed, or it came to nothing
	err      error         // why it came to nothing
	over     chan struct{} // closed when it is not in the table any more
}

// Watch returns a channel that receives after the record under key changed, and is closed when the
// connection breaks: the record may have changed then too, and another Watch is needed. It returns
// when the server has confirmed the subscription, so that no later change is missed, or with an error
// after the store's time limit; all watches share one connection with the rest. It ends with ctx.
func (s *Store) Watch(ctx context.Context, key string) (<-chan struct{}, error) {
	changed, err := s.watch(ctx, key)
	if err != nil {
		return nil, s.failed("watch", err)
	}
	return changed, nil
}

func (s *Store) watch(ctx context.Context, key string) (<-chan struct{}, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	limit := time.NewTimer(s.options.timeout)
	defer limit.Stop()
	for {
		began := s.connection.Load()
		t, changed, err := s.join(key)
		if err != nil {
			return nil, err
		}
		if changed == nil { // the one before is just being given up
			select {
			case <-t.over:
				continue
			case <-limit.C:
				return nil, errSilent
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		context.AfterFunc(ctx, func() { s.part(t, changed) })
		select {
		case <-t.ready:
			if t.err != nil {
				return nil, t.err
			}
			return changed, nil
		case <-limit.C:
			s.part(t, changed)
			s.drop(began)
			return nil, errSilent
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// join adds a watcher to the topic of key. It returns no channel if the topic takes no more.
func (s *Store) join(key string) (*topic, chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	t := s.topics[key]
	if t != nil && t.leaving {
		return t, nil, nil
	}
	if t == nil {
		ctx, cancel := context.WithCancel(s.life)
		t = &topic{watchers: map[chan struct{}]struct{}{}, leave: cancel, ready: make(chan struct{}), over: make(chan struct{})}
		s.topics[key] = t
		s.busy.Go(func() { s.listen(ctx, key, t) })
	}
	changed := make(chan struct{}, 1)
	t.watchers[changed] = struct{}{}
	return t, changed, nil
}

// part takes a watcher away; with the last one the subscription ends.
func (s *Store) part(t *topic, changed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(t.watchers, changed)
	if len(t.watchers) == 0 && !t.leaving {
		t.leaving = true
		t.leave()
	}
}

// listen holds the subscription until it is given up, the connection breaks, or the store is closed.
func (s *Store) listen(ctx context.Context, key string, t *topic) {
	defer t.leave()
	channel := s.options.prefix + key
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(rueidis.PubSubSubscription) {
		t.settle.Do(func() { close(t.ready) })
	})
	ctx = rueidis.WithOnReceiveReturnHook(ctx, func(err error, c rueidis.CommandClient) error {
		if ctx.Err() == nil {
			return err // nobody is left to be told
		}
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.timeout)
		defer cancel()
		began := s.connection.Load()
		_ = c.Do(detached, c.B().Unsubscribe().Channel(channel).Build()).Error()
		if detached.Err() != nil {
			s.drop(began)
		}
		return err
	})
	err := s.client.Receive(ctx, s.client.B().Subscribe().Channel(channel).Build(), func(rueidis.PubSubMessage) { s.tell(t) })

	s.mu.Lock()
	defer s.mu.Unlock()
	t.leaving = true
	delete(s.topics, key)
	for changed := range t.watchers {
		close(changed)
	}
	t.settle.Do(func() { t.err = err; close(t.ready) })
	close(t.over)
}

func (s *Store) tell(t *topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for changed := range t.watchers {
		select {
		case changed <- struct{}{}:
		default: // it has not taken the one before, which says the same
		}
	}
}
